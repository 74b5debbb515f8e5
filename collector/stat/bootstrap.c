/* bootstrap: see bootstrap.h. */
#include "collector/stat/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "collector/stat/rng.h"
#include "collector/util/xalloc.h"

static const struct rng first = {UINT64_C(0x6d6f6470726f66)};

double ratio_of(double b, double a)
{
    if (a == b)
        return 1;
    return a == 0 ? INFINITY : b / a;
}

static void draw_paired(struct rng *r, const double *a, const double *b, size_t n, double *x,
                        double *y)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = rng_below(r, n);
        x[i] = a[k];
        y[i] = b[k];
    }
}

static void draw(struct rng *r, const double *a, size_t n, double *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = a[rng_below(r, n)];
}

struct interval bootstrap_ratio(const double *a, size_t an, const double *b, size_t bn, int paired,
                                double level)
{
    if (!an || !bn)
        return (struct interval){0, INFINITY};
    struct rng r = first;
    double *x = xmalloc(an * sizeof *x), *y = xmalloc(bn * sizeof *y);
    double *ratio = xmalloc(BOOTSTRAP_ROUNDS * sizeof *ratio);
    for (size_t i = 0; i < BOOTSTRAP_ROUNDS; i++) {
        if (paired && an == bn)
            draw_paired(&r, a, b, an, x, y);
        else {
            draw(&r, a, an, x);
            draw(&r, b, bn, y);
        }
        double below = median_destroying(x, an);
        ratio[i] = ratio_of(median_destroying(y, bn), below);
    }
    double *sorted = sorted_copy(ratio, BOOTSTRAP_ROUNDS);
    struct interval in = {quantile_sorted(sorted, BOOTSTRAP_ROUNDS, (1 - level) / 2),
                          quantile_sorted(sorted, BOOTSTRAP_ROUNDS, (1 + level) / 2)};
    free(sorted);
    free(ratio);
    free(x);
    free(y);
    return in;
}
