/* change_point: see change_point.h. */
#include "collector/stat/change_point.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/describe.h"
#include "collector/stat/rank_test.h"
#include "collector/stat/rng.h"
#include "collector/util/xalloc.h"

enum { SHUFFLES = 499, WORK_MAX = 2000000 };

struct search {
    const double *at;
    struct change_point *out;
    size_t n, max;
};

/* The best split of RANK[N]; *AT is the first value behind it. */
static double best_split(const double *rank, size_t n, size_t *at)
{
    double sum = 0, best = 0;
    for (size_t k = 1; k + CHANGE_SIDE_MIN <= n; k++) {
        sum += rank[k - 1];
        if (k < CHANGE_SIDE_MIN)
            continue;
        double left = (double)k, right = (double)(n - k);
        double u = sum - left * (left + 1) / 2;
        double z = fabs(u - left * right / 2) / sqrt(left * right * (double)(n + 1) / 12);
        if (z > best) {
            best = z;
            *at = k;
        }
    }
    return best;
}

static void shuffle(struct rng *r, double *at, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = rng_below(r, i);
        double t = at[k];
        at[k] = at[i - 1];
        at[i - 1] = t;
    }
}

/* Long series take fewer shuffles, never fewer than tell one in a hundred. */
static size_t shuffles_of(size_t n)
{
    size_t k = WORK_MAX / n;
    return k > SHUFFLES ? SHUFFLES : k < 199 ? 199 : k;
}

static double chance(double *rank, size_t n, double best)
{
    struct rng r = {n};
    size_t as_large = 1, unused = 0, rounds = shuffles_of(n);
    for (size_t i = 0; i < rounds; i++) {
        shuffle(&r, rank, n);
        as_large += best_split(rank, n, &unused) >= best - 1e-9;
    }
    return (double)as_large / (double)(rounds + 1);
}

static void search(struct search *s, size_t from, size_t to)
{
    size_t n = to - from, at = 0;
    if (n < 2 * CHANGE_SIDE_MIN || s->n == s->max)
        return;
    double *rank = xmalloc(n * sizeof *rank);
    ranks(s->at + from, n, rank);
    double best = best_split(rank, n, &at);
    double p = best > 0 ? chance(rank, n, best) : 1;
    free(rank);
    if (p >= 0.01)
        return;
    search(s, from, from + at);
    if (s->n < s->max)
        s->out[s->n++] = (struct change_point){.at = from + at, .p = p};
    search(s, from + at, to);
}

static double level(const double *at, size_t from, size_t to)
{
    double *sorted = sorted_copy(at + from, to - from);
    double m = quantile_sorted(sorted, to - from, 0.5);
    free(sorted);
    return m;
}

size_t change_points_find(const double *at, size_t n, struct change_point *out, size_t max)
{
    struct search s = {at, out, 0, max};
    search(&s, 0, n);
    for (size_t i = 0; i < s.n; i++) {
        out[i].before = level(at, i ? out[i - 1].at : 0, out[i].at);
        out[i].after = level(at, out[i].at, i + 1 < s.n ? out[i + 1].at : n);
    }
    return s.n;
}
