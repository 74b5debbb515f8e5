/* crossing_pick: which C functions a report shows, and in which order. */
#ifndef COLLECTOR_ANALYSE_CROSSING_PICK_H
#define COLLECTOR_ANALYSE_CROSSING_PICK_H

#include "collector/analyse/crossing_rows.h"

enum crossing_order { CROSSING_BY_CALLS, CROSSING_BY_TOTAL, CROSSING_BY_LABEL, CROSSING_BY_ID };

struct crossing_pick {
    struct crossing_row **row; /* in the order asked for */
    size_t n, matched_n;       /* shown; before the cut to TOP */
};

/* The first TOP functions, in this order (largest first), whose label, module or object matches
 * FILTER (NULL: all). */
void crossing_pick(struct crossing_pick *k, const struct crossing_rows *r, const char *filter,
                   enum crossing_order order, size_t top);
void crossing_pick_release(struct crossing_pick *k);

#endif
