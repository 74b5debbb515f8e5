/* describe: what one sample of measurements looks like: location, spread and confidence.
 *
 * Pure: no I/O, nothing global.  Values may have any unit; results have the same one. */
#ifndef COLLECTOR_STAT_DESCRIBE_H
#define COLLECTOR_STAT_DESCRIBE_H

#include <stddef.h>

struct interval {
    double low, high;
};

struct describe {
    size_t n;
    double min, max, mean, sd; /* sd: of the sample (n - 1); 0 where n < 2 */
    double q1, median, q3, p95, p99;
    double mad;              /* median of the distances from the median */
    struct interval ci;      /* 95 % of the median, by order statistics: no shape is assumed */
    struct interval mean_ci; /* 95 % of the mean, by Student's t */
    int ci_whole;            /* 0: too few values (< 6) for 95 %; ci is then min and max */
};

/* AT[N] need not be sorted and is left alone.  N = 0 gives zeros. */
void describe(struct describe *d, const double *at, size_t n);

/* Between neighbours linearly: type 7 of Hyndman and Fan.  SORTED[N], N > 0, 0 <= Q <= 1. */
double quantile_sorted(const double *sorted, size_t n, double q);

/* Median of AT[N], N > 0; puts AT in another order. */
double median_destroying(double *at, size_t n);

/* A sorted copy; the caller frees it. */
double *sorted_copy(const double *at, size_t n);

#endif
