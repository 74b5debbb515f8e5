/* memory_sums: what a set of allocation sites comes to: blocks and bytes made, live, live at the peak,
 * freed, grown by resizes, collected.
 *
 * Of sampled sites they are estimates, made by the shim.  Allocation is sampled by bytes, as a Poisson process with
 * one point each T bytes on average, as in tcmalloc and Go: a block of S bytes is drawn with the probability
 * p = 1 - exp(-S/T), and stands for 1/p blocks of S bytes.  The sum over the samples of S/p is unbiased
 * (Horvitz and Thompson, 1952); its variance is estimated by the sum of (1-p) (S/p)^2, so variances add up. */
#ifndef COLLECTOR_ANALYSE_MEMORY_SUMS_H
#define COLLECTOR_ANALYSE_MEMORY_SUMS_H

#include <stdint.h>

#include "collector/model/model.h"

enum memory_sum {
    MEMORY_MADE,      /* new blocks; bytes with what resizes added */
    MEMORY_LIVE,      /* held at the end, or when its state began to be closed */
    MEMORY_PEAK,      /* held when most was */
    MEMORY_FREED,     /* made, and not held */
    MEMORY_GROWN,     /* resizes that made blocks larger, and what they added */
    MEMORY_COLLECTED, /* freed while the collector ran */
    MEMORY_FULL,      /* held after the last full collection that the program asked for */
    MEMORY_LEFT,      /* never freed: beyond lua_close; of C memory at the end */
    MEMORY_SUM_N
};

struct memory_amount {
    uint64_t n, bytes;
};

enum { MEMORY_CHECKS = 8, MEMORY_LATE = 4, MEMORY_PAST = 8 };

struct memory_sums {
    struct memory_amount of[MEMORY_SUM_N];
    struct memory_amount check[MEMORY_CHECKS]; /* held after collections; [0] the newest */
    uint64_t fell_bytes[MEMORY_CHECKS];  /* at most, from that check to the next, or the end */
    uint64_t look_bytes;                 /* after a later collection, the last that was looked at */
    uint64_t late_bytes[MEMORY_LATE];    /* after collections not long ago; [0] the newest */
    uint64_t since_bytes[MEMORY_PAST];   /* made since moments not long ago; [0] the newest */
    double made_variance, live_variance; /* of bytes; 0 where all is exact */
    uint64_t seen_n;                     /* sampled: number of samples */
    uint64_t gc_ns;                      /* the collector's time that was charged */
    uint32_t kinds;                      /* bit for each enum alloc_kind */
    uint32_t heaps;                      /* bit for each enum alloc_heap */
};

/* One site by itself; OPEN: states that were not closed are among its. */
struct memory_sums memory_sums_of(const struct alloc_site *site, int open);
void memory_sums_add(struct memory_sums *s, const struct memory_sums *more);

/* Standard error of bytes made and held; 0: exact. */
double memory_made_error(const struct memory_sums *s);
double memory_live_error(const struct memory_sums *s);

/* enum alloc_heap of a site; one whose record is lost is taken for Lua's. */
unsigned memory_heap(const struct alloc_site *site);
/* enum alloc_mode of a heap. */
unsigned memory_mode(const struct process *p, unsigned heap);
/* Mean distance of samples of a heap that was asked for, and the largest that was used, bytes; 0: it was not sampled. */
uint64_t memory_interval(const struct process *p, unsigned heap);
uint64_t memory_interval_most(const struct process *p, unsigned heap);
/* 1 where a state was still open when the trace ended. */
int memory_open(const struct process *p);

#endif
