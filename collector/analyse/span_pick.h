/* span_pick: which spans a report shows, and in which order. */
#ifndef COLLECTOR_ANALYSE_SPAN_PICK_H
#define COLLECTOR_ANALYSE_SPAN_PICK_H

#include "collector/analyse/span_tree.h"

enum span_order { SPAN_BY_BEGIN, SPAN_BY_TOTAL, SPAN_BY_SELF, SPAN_BY_LUA, SPAN_BY_NAME };

struct span_pick {
    uint32_t *node; /* node numbers, in the order asked for */
    size_t n;
    size_t matched_n;      /* how many there were before the cut to TOP */
    uint64_t left_self_ns; /* self time of those that were cut */
};

/* The TOP spans whose name or file matches FILTER (NULL: all).  By begin: those with the largest
 * totals, so that with every span its parents are there too (but for a filter); otherwise the first
 * TOP of the order, largest first (names: alphabetical). */
void span_pick(struct span_pick *k, const struct span_tree *t, struct process *p,
               const char *filter, enum span_order order, size_t top);
void span_pick_release(struct span_pick *k);

#endif
