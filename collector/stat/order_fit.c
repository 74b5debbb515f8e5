/* order_fit: see order_fit.h. */
#include "collector/stat/order_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/rng.h"
#include "collector/util/xalloc.h"

enum { DRAWS = 400, POINTS_FOR_OFFSET = 4 };
static const double exponent_max = 5, error_least = 0.01, clearly_better = 10;

/* What is fitted: N medians with their errors. */
struct medians {
    size_t n;
    double size[ORDER_POINTS_MAX], cost[ORDER_POINTS_MAX], error[ORDER_POINTS_MAX];
};

struct line {
    double a, b, misfit; /* misfit: sum of squares in units of the errors */
};

const char *order_name(enum order o)
{
    static const char *const name[] = {"1",   "log n", "n",   "n log n",
                                       "n^2", "n^3",   "n^k", "unknown"};
    return name[o];
}

static double order_of(enum order o, double n)
{
    switch (o) {
    case ORDER_LOG:
        return log(n);
    case ORDER_N:
        return n;
    case ORDER_N_LOG:
        return n * log(n);
    case ORDER_N2:
        return n * n;
    case ORDER_N3:
        return n * n * n;
    default:
        return 0;
    }
}

static double misfit(const struct medians *m, const double *f, double a, double b)
{
    double sum = 0;
    for (size_t i = 0; i < m->n; i++) {
        double d = (m->cost[i] - a - b * f[i]) / m->error[i];
        sum += d * d;
    }
    return sum;
}

/* Least squares of cost = a + b f, neither negative; a = 0 unless OFFSET. */
static struct line line_fit(const struct medians *m, const double *f, int offset)
{
    double w = 0, wf = 0, wc = 0, wff = 0, wfc = 0;
    for (size_t i = 0; i < m->n; i++) {
        double k = 1 / (m->error[i] * m->error[i]);
        w += k;
        wf += k * f[i];
        wc += k * m->cost[i];
        wff += k * f[i] * f[i];
        wfc += k * f[i] * m->cost[i];
    }
    double det = w * wff - wf * wf;
    double b = offset && det > 0 ? (w * wfc - wf * wc) / det : wff > 0 ? wfc / wff : 0;
    double a = offset ? (wc - b * wf) / w : 0;
    if (b < 0 || (offset && det <= 0)) {
        b = 0;
        a = wc / w;
    } else if (a < 0) {
        a = 0;
        b = wff > 0 ? fmax(wfc / wff, 0) : 0;
    }
    return (struct line){a, b, misfit(m, f, a, b)};
}

static struct line order_line(const struct medians *m, enum order o)
{
    double f[ORDER_POINTS_MAX];
    for (size_t i = 0; i < m->n; i++)
        f[i] = order_of(o, m->size[i]);
    return line_fit(m, f, 1);
}

static struct line power_line(const struct medians *m, double k)
{
    double f[ORDER_POINTS_MAX], largest = m->size[m->n - 1];
    for (size_t i = 0; i < m->n; i++)
        f[i] = pow(m->size[i] / largest, k);
    struct line l = line_fit(m, f, m->n >= POINTS_FOR_OFFSET);
    l.b /= pow(largest, k);
    return l;
}

/* The exponent with the least misfit: a coarse search, then finer ones around the best. */
static double exponent_fit(const struct medians *m, struct line *best)
{
    double k = 0, from = 0, to = exponent_max;
    best->misfit = INFINITY;
    for (double step = 0.1; step > 0.0005; step /= 10) {
        for (double at = from; at <= to + step / 2; at += step) {
            struct line l = power_line(m, at);
            if (l.misfit < best->misfit) {
                *best = l;
                k = at;
            }
        }
        from = fmax(k - step, 0);
        to = k + step;
    }
    return k;
}

static double criterion(const struct medians *m, double sum, int parameters)
{
    return sum + parameters * log((double)m->n);
}

static enum order best_order(const struct medians *m, struct line *line, double *best)
{
    enum order o = ORDER_1;
    *best = INFINITY;
    for (enum order i = ORDER_1; i <= ORDER_N3; i++) {
        struct line l = order_line(m, i);
        double c = criterion(m, l.misfit, i == ORDER_1 ? 1 : 2);
        if (c < *best - 1e-9) {
            *best = c;
            *line = l;
            o = i;
        }
    }
    return o;
}

/* Whether costs differ by more than their errors at all; else every formula fits, and 1 says most. */
static int grows(const struct medians *m)
{
    double low = INFINITY, high = -INFINITY, error = 0;
    for (size_t i = 0; i < m->n; i++) {
        low = fmin(low, m->cost[i]);
        high = fmax(high, m->cost[i]);
        error = fmax(error, m->error[i]);
    }
    return high - low > 3 * error;
}

/* The order of M, n^k included. */
static enum order choose(const struct medians *m, struct line *line, double *exponent)
{
    double best;
    struct line power;
    enum order o = best_order(m, line, &best);
    *exponent = exponent_fit(m, &power);
    if (!grows(m)) {
        *line = order_line(m, ORDER_1);
        return ORDER_1;
    }
    if (m->n >= POINTS_FOR_OFFSET && criterion(m, power.misfit, 3) < best - clearly_better) {
        *line = power;
        return ORDER_POWER;
    }
    return o;
}

static int by_size(const void *a, const void *b)
{
    double x = ((const struct order_point *)a)->n, y = ((const struct order_point *)b)->n;
    return (x > y) - (x < y);
}

/* Errors are of the order of the median's interval; never below 1 %, since no program grows exactly
 * like a formula. */
static void medians_make(struct medians *m, const struct order_point *p, size_t n)
{
    m->n = n;
    for (size_t i = 0; i < n; i++) {
        struct describe d;
        describe(&d, p[i].at, p[i].at_n);
        double least = error_least * fabs(d.median);
        m->size[i] = p[i].n;
        m->cost[i] = d.median;
        m->error[i] = fmax((d.ci.high - d.ci.low) / 4, least > 0 ? least : 1);
    }
}

static void draw(struct rng *r, struct medians *m, const struct order_point *p, double *room)
{
    for (size_t i = 0; i < m->n; i++) {
        for (size_t k = 0; k < p[i].at_n; k++)
            room[k] = p[i].at[rng_below(r, p[i].at_n)];
        m->cost[i] = median_destroying(room, p[i].at_n);
    }
}

static void confidence(struct order_fit *f, struct medians *m, const struct order_point *p,
                       double *room)
{
    struct rng r = {UINT64_C(0x6f72646572)};
    double exponent[DRAWS];
    size_t won[ORDER_NONE + 1] = {0};
    for (size_t i = 0; i < DRAWS; i++) {
        struct line l;
        draw(&r, m, p, room);
        won[choose(m, &l, &exponent[i])]++;
    }
    double *sorted = sorted_copy(exponent, DRAWS);
    f->exponent_ci.low = fmin(quantile_sorted(sorted, DRAWS, 0.025), f->exponent);
    f->exponent_ci.high = fmax(quantile_sorted(sorted, DRAWS, 0.975), f->exponent);
    free(sorted);
    f->confidence = (double)won[f->order] / DRAWS;
    for (enum order o = ORDER_1; o < ORDER_NONE; o++)
        if (o != f->order && won[o] > (f->second == ORDER_NONE ? 0 : won[f->second]))
            f->second = o;
}

void order_fit(struct order_fit *f, const struct order_point *point, size_t n)
{
    struct order_point p[ORDER_POINTS_MAX];
    struct medians m;
    struct line line = {0};
    size_t most = 1, sizes = 0;
    memset(f, 0, sizeof *f);
    f->order = f->second = ORDER_NONE;
    n = n > ORDER_POINTS_MAX ? ORDER_POINTS_MAX : n;
    memcpy(p, point, n * sizeof *p);
    qsort(p, n, sizeof *p, by_size);
    for (size_t i = 0; i < n; i++) {
        most = p[i].at_n > most ? p[i].at_n : most;
        sizes += !i || p[i].n != p[i - 1].n;
    }
    if (sizes < 3 || p[0].n <= 0)
        return;
    medians_make(&m, p, n);
    f->order = choose(&m, &line, &f->exponent);
    f->a = line.a;
    f->b = line.b;
    double *room = xmalloc(most * sizeof *room);
    confidence(f, &m, p, room);
    free(room);
}
