/* drift: see drift.h. */
#include "collector/stat/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/describe.h"
#include "collector/stat/rank_test.h"
#include "collector/util/xalloc.h"

enum { RUNS_MIN = 8 };

static double median_of(const double *at, size_t n)
{
    double *sorted = sorted_copy(at, n);
    double m = quantile_sorted(sorted, n, 0.5);
    free(sorted);
    return m;
}

void drift_find(struct drift *d, const double *at, size_t n)
{
    *d = (struct drift){.p = 1};
    if (n < RUNS_MIN)
        return;
    double *order = xmalloc(n * sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = (double)i;
    d->rho = spearman(order, at, n, &d->p);
    free(order);
    double first = median_of(at, n / 3), last = median_of(at + n - n / 3, n / 3);
    d->relative = first != 0 ? last / first - 1 : 0;
    d->found = d->p < 0.01 && fabs(d->relative) > 0.02;
}
