/* bootstrap: intervals of medians by drawing again from what was measured.  Pure: the seed is fixed, so
 * that the same values always give the same interval. */
#ifndef COLLECTOR_STAT_BOOTSTRAP_H
#define COLLECTOR_STAT_BOOTSTRAP_H

#include <stddef.h>

#include "collector/stat/describe.h"

enum { BOOTSTRAP_ROUNDS = 2000 };

/* The interval of LEVEL (0.95) of median(B) / median(A), by percentiles of BOOTSTRAP_ROUNDS draws.
 * PAIRED (then AN = BN): a draw takes the i-th of both together, so that what slows both cancels.
 * A ratio is infinite where the median of A is 0 and that of B is not, 1 where both are 0. */
struct interval bootstrap_ratio(const double *a, size_t an, const double *b, size_t bn, int paired,
                                double level);

double ratio_of(double b, double a);

#endif
