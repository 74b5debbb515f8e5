/* totals: the sums over a process that its overview and its allocation tables show. */
#ifndef COLLECTOR_ANALYSE_TOTALS_H
#define COLLECTOR_ANALYSE_TOTALS_H

#include "collector/analyse/span_tree.h"
#include "collector/model/model.h"

struct module_totals {
    size_t lua_n, c_n, builtin_n, other_n; /* loaded */
    size_t failed_n, circular_n, open_n;
    uint64_t hit_n;
    uint64_t total_ns;          /* outermost module spans together */
    uint64_t phase_ns[PHASE_N]; /* PHASE_RUN: without nested spans */
};

struct lua_totals {
    size_t state_n, open_n;
    uint64_t kind_n[ALLOC_KIND_N], kind_bytes[ALLOC_KIND_N];
    uint64_t class_alloc_n[SIZE_CLASS_N], class_free_n[SIZE_CLASS_N];
    uint64_t class_left_n[SIZE_CLASS_N]; /* with what was there when the process was forked */
    uint64_t alloc_n, alloc_bytes;       /* new blocks, all kinds */
    uint64_t realloc_n, grow_bytes, shrink_bytes, free_bytes, fail_n;
    uint64_t peak_bytes;  /* largest peak of one state */
    uint64_t peaks_bytes; /* peaks of all states together: an upper bound */
    uint64_t live_bytes;  /* open states: now; closed states: when lua_close began */
    uint64_t dropped_n,
        dropped_bytes; /* states that ended without lua_close; what they held then */
};

struct c_totals {
    uint64_t alloc_n, alloc_bytes, usable_bytes, realloc_n, free_n, free_bytes, fail_n;
};

void module_totals(struct module_totals *m, const struct process *p, const struct span_tree *t);
void lua_totals(struct lua_totals *l, const struct process *p);
void c_totals(struct c_totals *c, const struct process *p);

/* Upper end of a size class in bytes; 0 for the last one, which has none. */
uint64_t size_class_limit(unsigned size_class);

#endif
