/* versus_power: how many runs find which change; the second half of versus.h.
 *
 * Two conditions of the verdict need runs. For Mann and Whitney's test a formula
 * like Noether's says how many, from the chance that a run of a slower program is the slower one. For the interval of the ratio it is the
 * spread of medians, which falls with the square root of the runs. */
#include "collector/stat/versus.h"

#include <math.h>
#include <stdlib.h>

#include "collector/stat/bootstrap.h"
#include "collector/stat/distribution.h"
#include "collector/util/xalloc.h"

enum { RUNS_LEAST = 10 };
static const double power = 0.95, change_max = 100;

/* Runs by their size relative to the median of their own side, sorted. */
struct residuals {
    double *at;
    size_t n;
};

static void residuals_add(struct residuals *r, const double *at, size_t n)
{
    struct describe d;
    describe(&d, at, n);
    for (size_t i = 0; i < n; i++)
        r->at[r->n++] = d.median != 0 ? at[i] / d.median : 1;
}

static void residuals_make(struct residuals *r, const double *a, size_t an, const double *b,
                           size_t bn)
{
    struct residuals raw = {xmalloc((an + bn + 1) * sizeof(double)), 0};
    residuals_add(&raw, a, an);
    residuals_add(&raw, b, bn);
    *r = (struct residuals){sorted_copy(raw.at, raw.n), raw.n};
    free(raw.at);
}

/* P(a run that costs CHANGE more is the larger one), equal ones by half. */
static double chance_larger(const struct residuals *r, double change)
{
    double pairs = 0;
    size_t below = 0, not_above = 0;
    for (size_t i = 0; i < r->n; i++) {
        double x = r->at[i] * (1 + change);
        while (below < r->n && r->at[below] < x)
            below++;
        while (not_above < r->n && r->at[not_above] <= x)
            not_above++;
        pairs += (double)(below + not_above) / 2;
    }
    return pairs / ((double)r->n * (double)r->n);
}

/* Whether the test finds, often enough, that a run of the slower program is the larger one with a chance
 * of LARGER: the distance from 1/2 against the spread of U/n^2 without and with a difference. */
static int test_finds(const struct versus_rule *rule, double larger, double n)
{
    double without = sqrt((2 * n + 1) / (12 * n * n));
    double with = sqrt(fmin(larger * (1 - larger), 1.0 / 6) / n);
    return larger - 0.5 >=
           normal_quantile(1 - rule->alpha / 2) * without + normal_quantile(power) * with;
}

static double runs_for_test(const struct residuals *r, const struct versus_rule *rule,
                            double change)
{
    double larger = chance_larger(r, change), low = 1, high = VERSUS_RUNS_MAX;
    if (!test_finds(rule, larger, high))
        return high;
    while (high - low > 0.5) {
        double middle = (low + high) / 2;
        if (test_finds(rule, larger, middle))
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* The error of log(median B / median A) after N runs of each, as the interval of a comparison of the
 * runs with each other would have it. */
static double ratio_error(const struct residuals *r, size_t n)
{
    struct interval in = bootstrap_ratio(r->at, r->n, r->at, r->n, 0, 0.95);
    double error = in.low > 0 ? (log(in.high) - log(in.low)) / (2 * 1.96) : INFINITY;
    return error * sqrt((double)r->n / (double)n);
}

static double runs_for_interval(const struct residuals *r, const struct versus_rule *rule,
                                double change)
{
    double sure = normal_quantile(0.975) + normal_quantile(power);
    double above = log1p(change) - log1p(rule->threshold);
    double allowed = log1p(change) / sure;
    if (above <= 0)
        return VERSUS_RUNS_MAX;
    allowed = fmin(allowed, above / normal_quantile(power));
    double error = ratio_error(r, 1) / allowed;
    return error * error;
}

/* Few runs tell their own spread badly, and measuring ends when it looks small. Chosen so that 96 to 99 of 100 were found
 * among recorded runs; among others, which nothing was chosen by, 97 are (tests/unit/test_decision.c). */
static double caution(size_t n)
{
    return 1.6 + 2 / sqrt((double)n);
}

size_t versus_runs(const struct versus_rule *rule, const double *a, size_t an, const double *b,
                   size_t bn)
{
    struct residuals r;
    residuals_make(&r, a, an, b, bn);
    double runs =
        fmax(runs_for_test(&r, rule, rule->detect), runs_for_interval(&r, rule, rule->detect));
    runs = ceil(runs * caution(r.n));
    free(r.at);
    if (!(runs < VERSUS_RUNS_MAX))
        return VERSUS_RUNS_MAX;
    return runs > RUNS_LEAST ? (size_t)runs : RUNS_LEAST;
}

double versus_detectable(const struct versus_rule *rule, const double *a, size_t an,
                         const double *b, size_t bn)
{
    struct residuals r;
    size_t n = bn && bn < an ? bn : an;
    residuals_make(&r, a, an, b, bn);
    double error = ratio_error(&r, n), z = normal_quantile(power);
    double by_interval =
        expm1(fmax((normal_quantile(0.975) + z) * error, log1p(rule->threshold) + z * error));
    double low = 0, high = change_max;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        if (runs_for_test(&r, rule, middle) > (double)n)
            low = middle;
        else
            high = middle;
    }
    free(r.at);
    return fmax(high, by_interval);
}
