/* relative: see relative.h. */
#include "collector/budget/relative.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/describe.h"
#include "collector/stat/versus.h"

static const double alpha = 0.01;

static void missing(struct relative *x, const char *why)
{
    x->state = RELATIVE_MISSING;
    x->why = why;
}

static void bound_make(struct relative *x, const struct rule *r, struct pool *pool)
{
    char base[HUMAN_MAX];
    int more = r->metric->direction == DIRECTION_MORE;
    double share = more ? -r->regression.value : r->regression.value;
    x->bound.given = 1;
    x->bound.value = x->base * (1 + share);
    x->bound.text = pool_format(pool, "%s %c%s", rule_show(base, r, x->base), more ? '-' : '+',
                                r->regression.text);
}

static int beyond(const struct relative *x, const struct rule *r)
{
    return r->metric->direction == DIRECTION_MORE ? x->value < x->bound.value
                                                  : x->value > x->bound.value;
}

static void too_few(struct relative *x, struct pool *pool)
{
    size_t least = x->n < x->base_n ? x->n : x->base_n;
    x->state = RELATIVE_UNSTABLE;
    x->more = RELATIVE_RUNS_MIN - least;
    x->why = pool_format(pool, "a time needs %d runs of each: here are %zu, in the baseline %zu",
                         RELATIVE_RUNS_MIN, x->n, x->base_n);
}

/* Times, and whatever else differs from run to run. */
static void test(struct relative *x, const struct rule *r, const double *value, const double *base,
                 struct pool *pool)
{
    struct versus_rule rule = {.threshold = r->regression.value,
                               .detect = r->regression.value * 2 + 0.01,
                               .alpha = alpha,
                               .more_is_better = r->metric->direction == DIRECTION_MORE};
    struct versus v;
    if (x->n < RELATIVE_RUNS_MIN || x->base_n < RELATIVE_RUNS_MIN) {
        too_few(x, pool);
        return;
    }
    versus(&v, &rule, base, x->base_n, value, x->n);
    x->tested = 1;
    x->low = v.ci.low - 1;
    x->high = v.ci.high - 1;
    x->p = v.p;
    x->state = v.verdict == VERSUS_REGRESSED  ? RELATIVE_BEYOND
               : v.verdict == VERSUS_UNSTABLE ? RELATIVE_UNSTABLE
                                              : RELATIVE_WITHIN;
    if (x->state != RELATIVE_UNSTABLE)
        return;
    x->more = v.more;
    x->why = v.more < VERSUS_RUNS_MAX
                 ? pool_format(pool, "too noisy to tell: about %zu more runs of each would", v.more)
                 : "too noisy to tell with any number of runs";
}

void relative_make(struct relative *x, const struct rule *r, const struct run_group *g,
                   const double *value, size_t n, const struct baseline *b, struct pool *pool)
{
    const char *why = NULL;
    double *base = NULL;
    struct describe d;
    memset(x, 0, sizeof *x);
    if (!r->regression.given)
        return;
    if (!b) {
        missing(x, "no --baseline was given");
        return;
    }
    x->base_n = baseline_values(b, r, g, &base, pool, &why);
    if (!x->base_n) {
        missing(x, why);
        return;
    }
    x->n = n;
    describe(&d, value, n);
    x->value = d.median;
    describe(&d, base, x->base_n);
    x->base = d.median;
    x->change = x->base != 0 ? x->value / x->base - 1 : x->value != 0 ? INFINITY : 0;
    bound_make(x, r, pool);
    if (rule_timed(r))
        test(x, r, value, base, pool);
    else
        x->state = beyond(x, r) ? RELATIVE_BEYOND : RELATIVE_WITHIN;
    free(base);
}
