/* drift: whether values, in the order in which they were measured, go up or down.  Pure. */
#ifndef COLLECTOR_STAT_DRIFT_H
#define COLLECTOR_STAT_DRIFT_H

#include <stddef.h>

struct drift {
    double rho, p;   /* Spearman's correlation with the order; two-sided */
    double relative; /* median of the last third / median of the first third - 1 */
    int found;       /* p < 0.01, and it changed by more than 2 % */
};

/* AT[N] in the order of time. Never found where N < 8. */
void drift_find(struct drift *d, const double *at, size_t n);

#endif
