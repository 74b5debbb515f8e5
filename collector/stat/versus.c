/* versus: see versus.h. */
#include "collector/stat/versus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/bootstrap.h"
#include "collector/stat/rank_test.h"

const char *versus_verdict_name(enum versus_verdict v)
{
    static const char *const name[] = {"pass", "better", "regressed", "unstable"};
    return name[v];
}

static int constant(const double *at, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (at[i] != at[0])
            return 0;
    return n > 1;
}

/* The ratio and its interval as "how much worse", whichever direction is worse. */
static struct interval worse_interval(const struct versus *v, int more_is_better)
{
    if (!more_is_better)
        return v->ci;
    return (struct interval){ratio_of(1, v->ci.high), ratio_of(1, v->ci.low)};
}

static enum versus_verdict judge(const struct versus *v, const struct versus_rule *r)
{
    struct interval w = worse_interval(v, r->more_is_better);
    double worse = r->more_is_better ? ratio_of(1, v->ratio) : v->ratio;
    int sure = v->p < r->alpha;
    if (sure && worse > 1 + r->threshold && w.low > 1)
        return VERSUS_REGRESSED;
    if (sure && worse < 1 / (1 + r->threshold) && w.high < 1)
        return VERSUS_BETTER;
    return w.high < 1 + r->detect ? VERSUS_PASS : VERSUS_UNSTABLE;
}

/* The smallest p that any AN and BN runs can have: what could not have failed has not passed either. */
static double least_p(size_t an, size_t bn)
{
    double ways = 1; /* to choose AN of AN + BN */
    for (size_t i = 1; i <= an && ways < 1e12; i++)
        ways *= (double)(bn + i) / (double)i;
    return 2 / ways;
}

static size_t runs_least(double alpha)
{
    size_t n = 1;
    while (least_p(n, n) >= alpha)
        n++;
    return n;
}

/* Where the estimate stands decides which of the two answers is nearer. */
static size_t more_runs(const struct versus *v, const struct versus_rule *r, size_t n,
                        size_t wanted)
{
    struct interval w = worse_interval(v, r->more_is_better);
    double worse = log(r->more_is_better ? ratio_of(1, v->ratio) : v->ratio);
    double half = (log(w.high) - log(w.low)) / 2;
    double margin = fmax(worse > log1p(r->threshold) ? worse : 0, log1p(r->detect) - worse);
    double scale = 1.4 * half / margin; /* power of 80 % at the estimate */
    double by_estimate = (double)n * scale * scale;
    if (isfinite(by_estimate) && by_estimate > (double)wanted)
        wanted = by_estimate < VERSUS_RUNS_MAX ? (size_t)by_estimate : VERSUS_RUNS_MAX;
    return wanted > n ? wanted - n : n / 4 + 1;
}

void versus(struct versus *v, const struct versus_rule *rule, const double *a, size_t an,
            const double *b, size_t bn)
{
    struct rank_test t;
    struct describe x, y;
    describe(&x, a, an);
    describe(&y, b, bn);
    mann_whitney(&t, a, an, b, bn);
    memset(v, 0, sizeof *v);
    v->ratio = ratio_of(y.median, x.median);
    v->ci = bootstrap_ratio(a, an, b, bn, rule->paired, 0.95);
    v->p = t.p;
    v->larger = t.larger;
    v->exact = t.exact;
    int certain = rule->counted && constant(a, an) && constant(b, bn);
    if (certain)
        v->p = a[0] == b[0] ? 1 : 0;
    v->verdict = judge(v, rule);
    if (!certain && least_p(an, bn) >= rule->alpha)
        v->verdict = VERSUS_UNSTABLE;
    if (v->verdict != VERSUS_UNSTABLE)
        return;
    size_t wanted = versus_runs(rule, a, an, b, bn), least = runs_least(rule->alpha);
    v->more = more_runs(v, rule, an < bn ? an : bn, wanted > least ? wanted : least);
}
