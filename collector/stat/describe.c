/* describe: see describe.h. */
#include "collector/stat/describe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/distribution.h"
#include "collector/util/xalloc.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double *sorted_copy(const double *at, size_t n)
{
    double *copy = xmalloc((n + 1) * sizeof *copy);
    if (n)
        memcpy(copy, at, n * sizeof *copy);
    qsort(copy, n, sizeof *copy, by_value);
    return copy;
}

double quantile_sorted(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t low = (size_t)at;
    if (low + 1 >= n)
        return sorted[n - 1];
    if (sorted[low] == sorted[low + 1]) /* also where both are infinite */
        return sorted[low];
    return sorted[low] + (sorted[low + 1] - sorted[low]) * (at - (double)low);
}

/* Hoare's selection: AT[K] becomes the K-th smallest, what is below it is not larger. */
static void select_kth(double *at, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        double pivot = at[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (at[i] < pivot)
                i++;
            while (at[j] > pivot)
                j--;
            if (i >= j)
                break;
            double t = at[i];
            at[i++] = at[j];
            at[j--] = t;
        }
        if (j < k)
            low = j + 1;
        else
            high = j;
    }
}

double median_destroying(double *at, size_t n)
{
    size_t k = n / 2;
    select_kth(at, n, k);
    if (n % 2)
        return at[k];
    double below = at[0];
    for (size_t i = 1; i < k; i++)
        below = fmax(below, at[i]);
    return (below + at[k]) / 2;
}

static void moments(struct describe *d, const double *at, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += at[i];
    d->mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (at[i] - d->mean) * (at[i] - d->mean);
    d->sd = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
    double half = n > 1 ? student_quantile(0.975, (double)(n - 1)) * d->sd / sqrt((double)n) : 0;
    d->mean_ci = (struct interval){d->mean - half, d->mean + half};
}

/* The median lies between the r-th smallest and the r-th largest value unless fewer than r values
 * fall on one side of it: a binomial count. */
static void median_interval(struct describe *d, const double *sorted, size_t n)
{
    size_t r = 0;
    while (r < n / 2 && binomial_half_cdf(r, n) <= 0.025)
        r++;
    d->ci_whole = r > 0;
    if (!r)
        r = 1;
    d->ci = (struct interval){sorted[r - 1], sorted[n - r]};
}

static double mad(const double *at, size_t n, double median)
{
    double *distance = xmalloc(n * sizeof *distance);
    for (size_t i = 0; i < n; i++)
        distance[i] = fabs(at[i] - median);
    double m = median_destroying(distance, n);
    free(distance);
    return m;
}

void describe(struct describe *d, const double *at, size_t n)
{
    memset(d, 0, sizeof *d);
    d->n = n;
    if (!n)
        return;
    double *sorted = sorted_copy(at, n);
    d->min = sorted[0];
    d->max = sorted[n - 1];
    d->q1 = quantile_sorted(sorted, n, 0.25);
    d->median = quantile_sorted(sorted, n, 0.5);
    d->q3 = quantile_sorted(sorted, n, 0.75);
    d->p95 = quantile_sorted(sorted, n, 0.95);
    d->p99 = quantile_sorted(sorted, n, 0.99);
    moments(d, at, n);
    median_interval(d, sorted, n);
    d->mad = mad(at, n, d->median);
    free(sorted);
}
