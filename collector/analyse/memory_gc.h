/* memory_gc: what the collector cost, over all states of a process.
 *
 * Its time is charged to the lines that made what it freed, cycle by cycle, in proportion to the bytes (the shim does that). The time
 * that goes into what stays is charged that way too, since it is what is thrown away that makes it run. */
#ifndef COLLECTOR_ANALYSE_MEMORY_GC_H
#define COLLECTOR_ANALYSE_MEMORY_GC_H

#include "collector/model/model.h"

enum { GC_PAUSE_N = 40 };

struct gc_totals {
    size_t state_n;                     /* states of which something is known; 0: nothing is */
    unsigned how;                       /* enum gc_how: bits that all of them have */
    uint64_t step_n, full_n, call_n;    /* runs of the collector */
    uint64_t step_ns, full_ns, call_ns; /* their time */
    uint64_t pause_max_ns;
    uint64_t finalize_n, finalize_ns; /* finalizers: part of the runs and of their time */
    uint64_t close_finalize_n, close_finalize_ns; /* when states were closed */
    uint64_t cycle_n, minor_n, unlisted_n;
    uint64_t charged_ns; /* part of the time that is charged to sites */
    uint64_t free_n, free_bytes;
    uint64_t pause_n[GC_PAUSE_N]; /* element i: of 2^i up to 2^(i+1) ns */
    size_t generational_n;        /* states in that mode */
};

void gc_totals(struct gc_totals *g, const struct process *p);
static inline uint64_t gc_total_ns(const struct gc_totals *g)
{
    return g->step_ns + g->full_ns + g->call_ns;
}
static inline uint64_t gc_run_n(const struct gc_totals *g)
{
    return g->step_n + g->full_n + g->call_n;
}

/* 1 where times say something: of all steps, or of full collections that were asked for. */
static inline int gc_timed(const struct gc_totals *g)
{
    return (g->how & GC_HOW_STEPS) || g->full_n;
}

/* The length that SHARE (0 to 1) of the runs did not exceed, to the power of two above; 0: there was none. */
uint64_t gc_pause_ns(const struct gc_totals *g, double share);

/* How much more time there was than was charged to sites: 1, and a little, for cycles that had not ended; 0: nothing was charged, or
 * only the time of collections that were asked for is known. */
double memory_gc_factor(const struct process *p);

#endif
