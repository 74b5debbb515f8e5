/* rank_test: see rank_test.h. */
#include "collector/stat/rank_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/distribution.h"
#include "collector/util/xalloc.h"

enum { EXACT_MAX = 40 };

struct ranked {
    double value;
    size_t place;
};

static int by_value(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;
    return (x > y) - (x < y);
}

double ranks(const double *at, size_t n, double *rank)
{
    struct ranked *r = xmalloc((n + 1) * sizeof *r);
    double ties = 0;
    for (size_t i = 0; i < n; i++)
        r[i] = (struct ranked){at[i], i};
    qsort(r, n, sizeof *r, by_value);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && r[end].value == r[i].value; end++)
            ;
        double t = (double)(end - i);
        ties += t * t * t - t;
        for (size_t k = i; k < end; k++)
            rank[r[k].place] = (double)(i + end + 1) / 2;
    }
    free(r);
    return ties;
}

/* P(U <= u) without ties: how many of the ways to mix A and B give each U, by the generating function
 * prod (1 - q^(bn+i)) / (1 - q^i). Counts stay exact in doubles up to EXACT_MAX values. */
static double exact_cdf(size_t u, size_t an, size_t bn)
{
    size_t n = an * bn + 1;
    double *ways = xcalloc(n, sizeof *ways), whole = 0, part = 0;
    ways[0] = 1;
    for (size_t i = 1; i <= an; i++) {
        for (size_t k = n; k-- > bn + i;)
            ways[k] -= ways[k - bn - i];
        for (size_t k = i; k < n; k++)
            ways[k] += ways[k - i];
    }
    for (size_t k = 0; k < n; k++) {
        whole += ways[k];
        part += k <= u ? ways[k] : 0;
    }
    free(ways);
    return part / whole;
}

static double approximate_p(double u, double an, double bn, double ties)
{
    double n = an + bn;
    double variance = an * bn / 12 * (n + 1 - ties / (n * (n - 1)));
    double distance = fabs(u - an * bn / 2) - 0.5;
    if (variance <= 0)
        return 1;
    return fmin(1, 2 * normal_cdf(-fmax(distance, 0) / sqrt(variance)));
}

void mann_whitney(struct rank_test *t, const double *a, size_t an, const double *b, size_t bn)
{
    *t = (struct rank_test){0, 1, 0.5, 0};
    if (!an || !bn)
        return;
    double *both = xmalloc((an + bn) * sizeof *both), *rank = xmalloc((an + bn) * sizeof *rank);
    double sum = 0;
    memcpy(both, a, an * sizeof *both);
    memcpy(both + an, b, bn * sizeof *both);
    double ties = ranks(both, an + bn, rank);
    for (size_t i = 0; i < bn; i++)
        sum += rank[an + i];
    t->u = sum - (double)bn * (double)(bn + 1) / 2;
    t->larger = t->u / ((double)an * (double)bn);
    t->exact = ties == 0 && an + bn <= EXACT_MAX;
    double smaller = fmin(t->u, (double)an * (double)bn - t->u);
    t->p = t->exact ? fmin(1, 2 * exact_cdf((size_t)smaller, an, bn))
                    : approximate_p(t->u, (double)an, (double)bn, ties);
    free(both);
    free(rank);
}

static double pearson(const double *x, const double *y, size_t n)
{
    double mx = 0, my = 0, xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < n; i++) {
        mx += x[i] / (double)n;
        my += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xy += (x[i] - mx) * (y[i] - my);
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

double spearman(const double *x, const double *y, size_t n, double *p)
{
    *p = 1;
    if (n < 4)
        return 0;
    double *rx = xmalloc(n * sizeof *rx), *ry = xmalloc(n * sizeof *ry);
    ranks(x, n, rx);
    ranks(y, n, ry);
    double r = pearson(rx, ry, n);
    free(rx);
    free(ry);
    if (fabs(r) >= 1 - 1e-15) {
        *p = 0;
        return r;
    }
    double df = (double)n - 2;
    *p = 2 * student_cdf(-fabs(r) * sqrt(df / (1 - r * r)), df);
    return r;
}
