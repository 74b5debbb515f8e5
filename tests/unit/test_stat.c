/* test_stat: collector/stat/ against scipy and numpy (stat_oracle.py), and on samples made so that the
 * answer is known. */

#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/bootstrap.h"
#include "collector/stat/change_point.h"
#include "collector/stat/describe.h"
#include "collector/stat/distribution.h"
#include "collector/stat/drift.h"
#include "collector/stat/order_fit.h"
#include "collector/stat/outlier.h"
#include "collector/stat/rank_test.h"
#include "collector/stat/rng.h"
#include "collector/stat/versus.h"

/* ---- the oracle ---- */

enum { NUMBERS_MAX = 4096 };

struct oracle_case {
    char kind[32];
    double number[NUMBERS_MAX];
    size_t n;
};

static int near(double got, double expected, double tolerance)
{
    return fabs(got - expected) <= tolerance * fmax(1, fabs(expected));
}

static void check(const struct oracle_case *c, const char *what, double got, double expected)
{
    if (!near(got, expected, 1e-9))
        fail_msg("%s: %s is %.15g; the oracle says %.15g", c->kind, what, got, expected);
}

static void check_describe(const struct oracle_case *c)
{
    struct describe d;
    size_t n = (size_t)c->number[0];
    const double *e = c->number + 1 + n;
    describe(&d, c->number + 1, n);
    const double got[] = {d.min, d.max, d.mean, d.sd,     d.q1,      d.median,      d.q3,
                          d.p95, d.p99, d.mad,  d.ci.low, d.ci.high, d.mean_ci.low, d.mean_ci.high};
    const char *const name[] = {"min",    "max",     "mean",        "sd",          "q1",
                                "median", "q3",      "p95",         "p99",         "mad",
                                "ci.low", "ci.high", "mean_ci.low", "mean_ci.high"};
    for (size_t i = 0; i < sizeof got / sizeof *got; i++)
        check(c, name[i], got[i], e[i]);
    assert_int_equal(d.ci_whole, n >= 6);
}

static void check_mann_whitney(const struct oracle_case *c)
{
    struct rank_test t;
    size_t an = (size_t)c->number[0], bn = (size_t)c->number[1];
    const double *a = c->number + 2, *e = a + an + bn;
    mann_whitney(&t, a, an, a + an, bn);
    check(c, "u", t.u, e[0]);
    check(c, "p", t.p, e[1]);
    check(c, "exact", t.exact, e[2]);
}

static void check_spearman(const struct oracle_case *c)
{
    size_t n = (size_t)c->number[0];
    const double *x = c->number + 1;
    double p, rho = spearman(x, x + n, n, &p);
    check(c, "rho", rho, x[2 * n]);
    check(c, "p", p, x[2 * n + 1]);
}

static void check_ratio(const struct oracle_case *c)
{
    size_t an = (size_t)c->number[0], bn = (size_t)c->number[1];
    const double *a = c->number + 2, *e = a + an + bn;
    struct interval in = bootstrap_ratio(a, an, a + an, bn, 0, 0.95);
    double room = 0.1 * (e[1] - e[0]);
    if (fabs(in.low - e[0]) > room || fabs(in.high - e[1]) > room)
        fail_msg("interval %g %g; the oracle says %g %g", in.low, in.high, e[0], e[1]);
}

static void check_student(const double *v)
{
    double got = student_quantile(v[0], v[1]);
    if (!near(got, v[2], 1e-7))
        fail_msg("student %g, %g: %.15g; the oracle says %.15g", v[0], v[1], got, v[2]);
}

static void check_case(const struct oracle_case *c)
{
    const double *v = c->number;
    if (!strcmp(c->kind, "describe"))
        check_describe(c);
    else if (!strcmp(c->kind, "mann_whitney"))
        check_mann_whitney(c);
    else if (!strcmp(c->kind, "spearman"))
        check_spearman(c);
    else if (!strcmp(c->kind, "ratio"))
        check_ratio(c);
    else if (!strcmp(c->kind, "normal"))
        check(c, "quantile", normal_quantile(v[0]), v[1]);
    else if (!strcmp(c->kind, "student"))
        check_student(v);
    else if (!strcmp(c->kind, "binomial"))
        check(c, "cdf", binomial_half_cdf((size_t)v[0], (size_t)v[1]), v[2]);
    else
        fail_msg("there is no case %s", c->kind);
}

static void figures_are_those_of_scipy(void **state)
{
    static struct oracle_case c;
    static char line[1 << 17];
    size_t cases = 0;
    (void)state;
    FILE *in = popen("/usr/bin/python3 tests/unit/stat_oracle.py", "r");
    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        char *word = strtok(line, " \n");
        snprintf(c.kind, sizeof c.kind, "%s", word);
        for (c.n = 0; (word = strtok(NULL, " \n")) && c.n < NUMBERS_MAX; c.n++)
            c.number[c.n] = strtod(word, NULL);
        check_case(&c);
        cases++;
    }
    assert_int_equal(pclose(in), 0);
    assert_true(cases > 80);
}

/* ---- samples whose answer is known ---- */

/* About normal, with a standard deviation of 1. */
static double noise(struct rng *r)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += (double)(rng_next(r) >> 11) * 0x1p-53;
    return sum - 6;
}

static void medians_of_all_orders_are_the_middle(void **state)
{
    struct rng r = {1};
    (void)state;
    for (size_t n = 1; n < 60; n++) {
        double at[60], sorted_median;
        for (size_t i = 0; i < n; i++)
            at[i] = (double)rng_below(&r, 20);
        double *sorted = sorted_copy(at, n);
        sorted_median = quantile_sorted(sorted, n, 0.5);
        free(sorted);
        assert_true(median_destroying(at, n) == sorted_median);
    }
}

static void outliers_stand_beyond_the_fences(void **state)
{
    const double at[] = {10, 11, 12, 10, 11, 12, 10, 11, 12, 11, 15.5, 40, 2};
    struct describe d;
    struct outliers o;
    (void)state;
    describe(&d, at, 13);
    outliers_find(&o, &d, at, 13);
    assert_int_equal(o.high, 2);
    assert_int_equal(o.low, 1);
    assert_int_equal(o.severe, 2);
    assert_int_equal(o.mad, 2);
}

static void drift_is_found_and_noise_is_not_drift(void **state)
{
    struct rng r = {2};
    struct drift d;
    double at[40];
    int alarms = 0;
    (void)state;
    for (int i = 0; i < 40; i++)
        at[i] = 100 + 0.3 * i + noise(&r);
    drift_find(&d, at, 40);
    assert_true(d.found && d.rho > 0.8);
    assert_true(near(d.relative, 0.08, 0.02));
    for (int series = 0; series < 1000; series++) {
        for (int i = 0; i < 40; i++)
            at[i] = 100 + 5 * noise(&r);
        drift_find(&d, at, 40);
        alarms += d.found;
    }
    assert_in_range(alarms, 1, 20); /* 1 % */
}

static void a_step_is_found_where_it_is(void **state)
{
    struct rng r = {3};
    struct change_point c[4];
    double at[60];
    (void)state;
    for (int i = 0; i < 60; i++)
        at[i] = (i < 20 ? 100 : i < 50 ? 108 : 95) + noise(&r);
    assert_int_equal(change_points_find(at, 60, c, 4), 2);
    assert_in_range(c[0].at, 19, 21);
    assert_in_range(c[1].at, 49, 51);
    assert_true(near(c[0].before, 100, 0.02) && near(c[0].after, 108, 0.02) &&
                near(c[1].after, 95, 0.02));
    assert_int_equal(change_points_find(at, 60, c, 1), 1);
    assert_int_equal(change_points_find(at, 5, c, 4), 0);
}

static void noise_has_no_steps(void **state)
{
    struct rng r = {4};
    struct change_point c[4];
    double at[40];
    size_t alarms = 0;
    (void)state;
    for (int series = 0; series < 200; series++) {
        for (int i = 0; i < 40; i++)
            at[i] = exp(0.2 * noise(&r));
        alarms += change_points_find(at, 40, c, 4) > 0;
    }
    assert_in_range(alarms, 0, 7); /* 1 % of 200 is 2 */
    for (int i = 0; i < 40; i++)
        at[i] = 7;
    assert_int_equal(change_points_find(at, 40, c, 4), 0);
}

/* ---- orders of growth ---- */

static double cost_of(enum order o, double n)
{
    switch (o) {
    case ORDER_1:
        return 0;
    case ORDER_LOG:
        return log(n) * 1e5;
    case ORDER_N:
        return n * 100;
    case ORDER_N_LOG:
        return n * log(n) * 10;
    case ORDER_N2:
        return n * n * 1e-2;
    case ORDER_N3:
        return n * n * n * 1e-6;
    default:
        return pow(n, 1.5) * 1.5;
    }
}

static void fit(struct order_fit *f, enum order o, double base, double spread, uint64_t seed)
{
    static const double size[] = {1e3, 1e4, 5e4, 1e5};
    double at[4][10];
    struct order_point p[4];
    struct rng r = {seed};
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 10; k++)
            at[i][k] = (base + cost_of(o, size[i])) * (1 + spread * noise(&r));
        p[i] = (struct order_point){size[i], at[i], 10};
    }
    order_fit(f, p, 4);
}

static void planted_orders_are_found(void **state)
{
    static const double exponent[] = {0, 0, 1, 1.1, 2, 3, 1.5};
    (void)state;
    for (enum order o = ORDER_1; o <= ORDER_POWER; o++) {
        struct order_fit f;
        size_t found = 0;
        for (uint64_t seed = 1; seed <= 20; seed++) {
            fit(&f, o, 1e6, 0.01, seed);
            found += f.order == o;
            if (o != ORDER_1 && o != ORDER_LOG)
                assert_true(fabs(f.exponent - exponent[o]) < 0.1);
            assert_true(f.exponent_ci.low <= f.exponent && f.exponent <= f.exponent_ci.high);
        }
        if (found < 18)
            fail_msg("%s was found %zu times in 20", order_name(o), found);
    }
}

static void orders_that_noise_hides_have_little_confidence(void **state)
{
    struct order_fit f;
    double sum = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        fit(&f, ORDER_N_LOG, 1e6, 0.3, seed);
        sum += f.confidence;
        assert_true(f.exponent_ci.high - f.exponent_ci.low > 0.1);
    }
    assert_true(sum / 20 < 0.8);
}

static void too_few_sizes_have_no_order(void **state)
{
    const double cost[] = {1, 2};
    const struct order_point p[] = {{10, cost, 2}, {20, cost, 2}, {20, cost, 1}};
    struct order_fit f;
    (void)state;
    order_fit(&f, p, 3);
    assert_int_equal(f.order, ORDER_NONE);
    order_fit(&f, p, 0);
    assert_int_equal(f.order, ORDER_NONE);
}

/* ---- verdicts ---- */

static const struct versus_rule usual = {.threshold = 0.02, .detect = 0.05, .alpha = 0.01};

static void verdicts_follow_the_rule(void **state)
{
    struct versus v;
    struct rng r = {5};
    double a[40], b[40];
    (void)state;
    for (int i = 0; i < 40; i++)
        a[i] = 100 + noise(&r), b[i] = a[i] * 1.05 + noise(&r) / 10;
    versus(&v, &usual, a, 40, b, 40);
    assert_int_equal(v.verdict, VERSUS_REGRESSED);
    assert_true(v.ci.low < v.ratio && v.ratio < v.ci.high && near(v.ratio, 1.05, 0.01));
    versus(&v, &usual, b, 40, a, 40);
    assert_int_equal(v.verdict, VERSUS_BETTER);
    struct versus_rule more = usual;
    more.more_is_better = 1;
    versus(&v, &more, b, 40, a, 40);
    assert_int_equal(v.verdict, VERSUS_REGRESSED);
    versus(&v, &usual, a, 40, a, 40);
    assert_int_equal(v.verdict, VERSUS_PASS);
    for (int i = 0; i < 40; i++)
        b[i] = a[i] * 1.01;
    versus(&v, &usual, a, 40, b, 40); /* beyond chance, below the threshold */
    assert_true(v.p < 0.01);
    assert_int_equal(v.verdict, VERSUS_PASS);
}

static void few_noisy_runs_have_no_verdict_but_a_number(void **state)
{
    struct versus v;
    struct rng r = {6};
    double a[10], b[10];
    (void)state;
    for (int i = 0; i < 10; i++)
        a[i] = 100 + 20 * noise(&r), b[i] = 100 + 20 * noise(&r);
    versus(&v, &usual, a, 10, b, 10);
    assert_int_equal(v.verdict, VERSUS_UNSTABLE);
    assert_in_range(v.more, 100, 5000);
    assert_true(versus_detectable(&usual, a, 10, b, 10) > 0.2);
}

/* The smallest p of 4 and 4 runs is 2 in 70: they could never fail. */
static void what_could_not_fail_does_not_pass(void **state)
{
    const double a[] = {100, 100.1, 100.2, 100.3, 100.4, 100.5},
                 b[] = {50, 50.1, 50.2, 50.3, 50.4, 50.5};
    struct versus_rule counted = usual, strict = usual;
    struct versus v;
    (void)state;
    counted.counted = 1;
    strict.alpha = 0.003;
    for (size_t n = 1; n <= 6; n++) {
        versus(&v, &usual, a, n, a, n);
        assert_int_equal(v.verdict, n < 5 ? VERSUS_UNSTABLE : VERSUS_PASS);
        if (n < 5)
            assert_true(n + v.more >= 5);
        versus(&v, &counted, a, n, b, n); /* counts that do vary */
        assert_int_equal(v.verdict, n < 5 ? VERSUS_UNSTABLE : VERSUS_BETTER);
        versus(&v, &strict, b, n, a, n);
        assert_int_equal(v.verdict, n < 6 ? VERSUS_UNSTABLE : VERSUS_REGRESSED);
    }
    versus(&v, &usual, a, 2, a, 6); /* 2 in 28 */
    assert_int_equal(v.verdict, VERSUS_UNSTABLE);
}

/* One run that took ten times as long says nothing of the others, and nothing of the program. */
static void outliers_do_not_decide(void **state)
{
    struct versus v;
    struct rng r = {8};
    double a[40], b[40];
    (void)state;
    for (int i = 0; i < 40; i++)
        a[i] = 100 + noise(&r), b[i] = 100 + noise(&r);
    b[3] = b[7] = 1000;
    versus(&v, &usual, a, 40, b, 40);
    assert_int_equal(v.verdict, VERSUS_PASS);
    for (int i = 0; i < 40; i++)
        b[i] *= 1.05;
    a[5] = a[6] = 1000;
    versus(&v, &usual, a, 40, b, 40);
    assert_int_equal(v.verdict, VERSUS_REGRESSED);
}

/* A machine that gets slower while it is measured hits both, run by run. */
static void drift_that_hits_both_does_not_decide(void **state)
{
    struct versus_rule paired = usual;
    struct versus v;
    struct rng r = {9};
    double a[60], b[60];
    (void)state;
    paired.paired = 1;
    for (int i = 0; i < 60; i++)
        a[i] = (100 + noise(&r)) * (1 + i * 0.01), b[i] = (100 + noise(&r)) * (1 + i * 0.01);
    versus(&v, &paired, a, 60, b, 60);
    assert_int_not_equal(v.verdict, VERSUS_REGRESSED);
    assert_int_not_equal(v.verdict, VERSUS_BETTER);
}

static void values_that_are_all_the_same_have_answers(void **state)
{
    const double same[] = {7, 7, 7, 7, 7, 7}, more[] = {8, 8, 8, 8, 8, 8},
                 zero[] = {0, 0, 0, 0, 0, 0};
    struct versus v, again;
    (void)state;
    versus(&v, &usual, same, 6, same, 6);
    assert_true(v.verdict == VERSUS_PASS && v.ratio == 1 && v.p == 1);
    versus(&v, &usual, same, 6, more, 6);
    assert_int_equal(v.verdict, VERSUS_REGRESSED);
    versus(&v, &usual, zero, 6, zero, 6);
    assert_int_equal(v.verdict, VERSUS_PASS);
    versus(&v, &usual, zero, 6, same, 6);
    assert_int_equal(v.verdict, VERSUS_REGRESSED);
    versus(&v, &usual, same, 6, zero, 6);
    assert_int_equal(v.verdict, VERSUS_BETTER);
    versus(&again, &usual, same, 6, zero, 6);
    assert_memory_equal(&v, &again, sizeof v);
}

static void the_same_runs_give_the_same_answer(void **state)
{
    struct interval x, y;
    struct rng r = {10};
    double a[30], b[30], c[30];
    (void)state;
    for (int i = 0; i < 30; i++)
        a[i] = 100 + noise(&r), b[i] = 100 + noise(&r);
    x = bootstrap_ratio(a, 30, b, 30, 0, 0.95);
    for (int i = 0; i < 30; i++)
        c[i] = 100 + noise(&r);
    bootstrap_ratio(b, 30, c, 30, 1, 0.95); /* what was asked in between does not matter */
    y = bootstrap_ratio(a, 30, b, 30, 0, 0.95);
    assert_true(x.low == y.low && x.high == y.high && x.low < x.high);
}

static void counts_that_never_vary_leave_nothing_to_chance(void **state)
{
    const double a[] = {100, 100}, b[] = {103, 103}, none[] = {0, 0};
    struct versus_rule counted = usual;
    struct versus v;
    (void)state;
    counted.counted = 1;
    versus(&v, &counted, a, 2, b, 2);
    assert_int_equal(v.verdict, VERSUS_REGRESSED);
    versus(&v, &counted, a, 2, a, 2);
    assert_int_equal(v.verdict, VERSUS_PASS);
    versus(&v, &counted, none, 2, a, 2);
    assert_int_equal(v.verdict, VERSUS_REGRESSED);
    versus(&v, &counted, none, 2, none, 2);
    assert_int_equal(v.verdict, VERSUS_PASS);
    versus(&v, &usual, a, 2, b, 2);
    assert_int_not_equal(v.verdict, VERSUS_REGRESSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_scipy),
        cmocka_unit_test(medians_of_all_orders_are_the_middle),
        cmocka_unit_test(outliers_stand_beyond_the_fences),
        cmocka_unit_test(drift_is_found_and_noise_is_not_drift),
        cmocka_unit_test(a_step_is_found_where_it_is),
        cmocka_unit_test(noise_has_no_steps),
        cmocka_unit_test(planted_orders_are_found),
        cmocka_unit_test(orders_that_noise_hides_have_little_confidence),
        cmocka_unit_test(too_few_sizes_have_no_order),
        cmocka_unit_test(verdicts_follow_the_rule),
        cmocka_unit_test(few_noisy_runs_have_no_verdict_but_a_number),
        cmocka_unit_test(what_could_not_fail_does_not_pass),
        cmocka_unit_test(outliers_do_not_decide),
        cmocka_unit_test(drift_that_hits_both_does_not_decide),
        cmocka_unit_test(values_that_are_all_the_same_have_answers),
        cmocka_unit_test(the_same_runs_give_the_same_answer),
        cmocka_unit_test(counts_that_never_vary_leave_nothing_to_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
