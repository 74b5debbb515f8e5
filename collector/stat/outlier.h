/* outlier: values that stand apart from the rest.  Pure. */
#ifndef COLLECTOR_STAT_OUTLIER_H
#define COLLECTOR_STAT_OUTLIER_H

#include "collector/stat/describe.h"

struct outliers {
    size_t low, high; /* beyond 1.5 times the quartiles' distance (Tukey's fences) */
    size_t severe;    /* of these: beyond 3 times */
    size_t mad; /* beyond 3.5 robust deviations, 1.4826 times the MAD (Iglewicz and Hoaglin) */
};

/* D describes AT[N]. */
void outliers_find(struct outliers *o, const struct describe *d, const double *at, size_t n);

#endif
