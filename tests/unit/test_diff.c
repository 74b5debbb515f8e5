/* test_diff: which differences are news, and the distributions that decide it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/diff/diff.h"
#include "collector/stat/distribution.h"
#include "tests/unit/unit.h"

static void near(double is, double expected)
{
    if (!(fabs(is - expected) <= 1e-9 * fmax(1, fabs(expected))))
        fail_msg("%.15g, not %.15g", is, expected);
}

/* From R: pbinom. */
static void binomial_tails_have_their_known_values(void **state)
{
    (void)state;
    near(binomial_at_least(60, 100, 0.5), 0.028443966820490395);
    near(binomial_at_most(3, 10, 0.3), 0.6496107184);
    near(binomial_at_least(0, 5, 0.1), 1);
    near(binomial_at_least(6, 5, 0.1), 0);
    near(binomial_at_most(5, 5, 0.1), 1);
}

/* A direct sum, term by term. */
static double binomial_sum(uint64_t from, uint64_t n, double p)
{
    double sum = 0;
    for (uint64_t k = from; k <= n; k++)
        sum += exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) +
                   (double)k * log(p) + (double)(n - k) * log1p(-p));
    return sum;
}

static void tails_are_the_sum_of_their_terms(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 400; n += 37)
        for (uint64_t k = 0; k <= n; k += 1 + n / 7)
            for (double p = 0.05; p < 1; p += 0.3) {
                assert_true(fabs(binomial_at_least(k, n, p) - binomial_sum(k, n, p)) < 1e-9);
                assert_true(fabs(binomial_at_least(k + 1, n, p) + binomial_at_most(k, n, p) - 1) <
                            1e-9);
            }
}

/* ---- verdicts ---- */

enum { RUNS_MAX = 8 };
static const double period = 1e6;

struct fixture {
    struct diff d;
    struct diff_section *s;
    struct diff_run run[RUNS_MAX];
    struct diff_side side[SIDE_N];
    struct diff_options o;
};

static void begin(struct fixture *f, size_t a, size_t b, enum diff_nature nature)
{
    memset(f, 0, sizeof *f);
    f->side[SIDE_A] = (struct diff_side){f->run, a, a};
    f->side[SIDE_B] = (struct diff_side){f->run, b, b};
    f->o = (struct diff_options){.metric = -1, .margin = -1, .level = 0.01};
    struct diff_section like = {
        .name = "cpu", .title = "", .quantity = QUANTITY_TIME, .nature = nature};
    struct diff_side side[SIDE_N] = {f->side[SIDE_A], f->side[SIDE_B]};
    f->s = diff_section_new(&f->d, &like, side);
    f->s->period_ns[SIDE_A] = f->s->period_ns[SIDE_B] = period;
}

/* One run's value. */
static void add(struct fixture *f, const char *label, int side, double samples)
{
    struct diff_row like = {.label = label, .kind = "Lua", .place = ""};
    struct diff_value *v = &diff_row(f->s, &like)->side[side];
    double value = samples * period;
    v->sum += value;
    v->squares += value * value;
    v->samples += (uint64_t)samples;
    f->s->samples[side] += (uint64_t)samples;
    f->s->whole[side] += value / (double)f->side[side].n;
}

static const struct diff_row *judged(struct fixture *f, const char *label)
{
    diff_judge(f->s, &f->o);
    for (size_t i = 0; i < f->s->n; i++)
        if (!strcmp(f->s->row[i].label, label))
            return &f->s->row[i];
    fail_msg("no row %s", label);
    return NULL;
}

static void expect(double a, double b, enum diff_verdict v)
{
    struct fixture f;
    begin(&f, 1, 1, DIFF_SAMPLED);
    if (a)
        add(&f, "f", SIDE_A, a);
    if (b)
        add(&f, "f", SIDE_B, b);
    assert_int_equal(judged(&f, "f")->verdict, v);
    diff_release(&f.d);
}

static void what_is_within_the_sampling_error_is_no_news(void **state)
{
    (void)state;
    expect(100, 125, DIFF_SAME);
    expect(3, 0, DIFF_SAME);
    expect(0, 5, DIFF_SAME);
    expect(10000, 10900, DIFF_SAME); /* beyond the error, within the margin */
}

static void what_is_beyond_it_is(void **state)
{
    (void)state;
    expect(1000, 2000, DIFF_MORE);
    expect(2000, 1000, DIFF_LESS);
    expect(0, 40, DIFF_NEW);
    expect(40, 0, DIFF_GONE);
    expect(10000, 12000, DIFF_MORE);
}

static double uniform(void)
{
    return ((double)random() + 0.5) / ((double)RAND_MAX + 1);
}

static double poisson(double mean)
{
    double n = -1;
    for (double t = 0; t < mean; n++)
        t -= log(uniform());
    return n;
}

/* Two runs of one program, over and over: hardly ever is anything news. */
static void equal_rates_are_hardly_ever_news(void **state)
{
    static const double mean[] = {2, 5, 10, 20, 50, 100, 200, 500};
    enum { MEANS = sizeof mean / sizeof *mean, PAIRS = 400 };
    (void)state;
    int false_news = 0;
    srandom(7);
    for (int i = 0; i < PAIRS; i++) {
        struct fixture f;
        begin(&f, 1, 1, DIFF_SAMPLED);
        f.o.margin = 0; /* the test alone */
        for (int k = 0; k < MEANS; k++) {
            static const char *const label[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
            add(&f, label[k], SIDE_A, poisson(mean[k]));
            add(&f, label[k], SIDE_B, poisson(mean[k]));
        }
        diff_judge(f.s, &f.o);
        false_news += f.s->verdict_n[DIFF_SAME] < f.s->n;
        diff_release(&f.d);
    }
    assert_true(false_news <= 12); /* at 1 % 4 are expected; P(more than 12) < 0.001 */
}

/* One sample that stands for thirty others is one sample. */
static enum diff_verdict spread(double a, double b, double spread_b, int shares)
{
    struct fixture f;
    begin(&f, 1, 1, DIFF_SAMPLED);
    f.o.shares = shares;
    add(&f, "f", SIDE_A, a);
    add(&f, "f", SIDE_B, b);
    add(&f, "g", SIDE_A, 60);
    add(&f, "g", SIDE_B, 60);
    f.s->spread[SIDE_B] = spread_b;
    enum diff_verdict v = judged(&f, "f")->verdict;
    diff_release(&f.d);
    return v;
}

static void samples_of_different_weight_count_as_fewer(void **state)
{
    (void)state;
    for (int shares = 0; shares < 2; shares++) {
        assert_int_equal(spread(20, 120, 0, shares), DIFF_MORE);
        assert_int_equal(spread(20, 120, 29, shares), DIFF_SAME);
        assert_int_equal(spread(0, 30, 0, shares), DIFF_NEW);
        assert_int_equal(spread(0, 30, 4, shares), DIFF_SAME); /* too few to be tested */
        assert_int_equal(spread(60, 60, 9, shares), DIFF_SAME);
        assert_int_equal(spread(20, 4000, 9, shares), DIFF_MORE);
    }
}

static void scatter_of_the_runs_counts_where_there_are_several(void **state)
{
    (void)state;
    struct fixture f;
    static const double a[] = {1000, 1900, 1400}, b[] = {2100, 1200, 1700};
    begin(&f, 3, 3, DIFF_SAMPLED);
    for (int i = 0; i < 3; i++) {
        add(&f, "noisy", SIDE_A, a[i]);
        add(&f, "noisy", SIDE_B, b[i]);
        add(&f, "steady", SIDE_A, 1000 + i);
        add(&f, "steady", SIDE_B, 1300 + i);
    }
    assert_int_equal(judged(&f, "noisy")->verdict, DIFF_SAME);
    diff_release(&f.d);
    begin(&f, 3, 3, DIFF_SAMPLED);
    for (int i = 0; i < 3; i++) {
        add(&f, "steady", SIDE_A, 1000 + i);
        add(&f, "steady", SIDE_B, 1300 + i);
    }
    assert_int_equal(judged(&f, "steady")->verdict, DIFF_MORE);
    diff_release(&f.d);
}

/* Samples of three functions and a small one, on either side. */
static int is_of_pace(const double b[4], int shares)
{
    static const char *const label[] = {"f", "g", "h", "small"};
    static const double a[] = {1000, 700, 400, 60};
    struct fixture f;
    begin(&f, 1, 1, DIFF_SAMPLED);
    f.o.shares = shares;
    for (int i = 0; i < 4; i++) {
        add(&f, label[i], SIDE_A, a[i]);
        add(&f, label[i], SIDE_B, b[i]);
    }
    diff_judge(f.s, &f.o);
    int is = diff_is_of_pace(f.s, &f.o);
    diff_release(&f.d);
    return is;
}

static void what_differs_as_the_whole_does_is_of_pace(void **state)
{
    (void)state;
    assert_true(is_of_pace((const double[]){1400, 980, 560, 84}, 0));
    assert_true(is_of_pace((const double[]){700, 490, 280, 42}, 0));   /* faster, too */
    assert_true(is_of_pace((const double[]){1400, 980, 560, 240}, 0)); /* a small thing apart */
    assert_false(is_of_pace((const double[]){1400, 980, 560, 84}, 1)); /* there are no times */
    assert_false(is_of_pace((const double[]){1000, 700, 400, 60}, 0));
    assert_false(is_of_pace((const double[]){1020, 714, 408, 61}, 0));  /* within the margin */
    assert_false(is_of_pace((const double[]){2200, 700, 400, 60}, 0));  /* one function */
    assert_false(is_of_pace((const double[]){2200, 1500, 400, 60}, 0)); /* two of three */
    assert_false(
        is_of_pace((const double[]){3000, 980, 560, 84}, 0)); /* all, and one more than others */
}

static void runs_of_different_number_and_rate_are_compared_per_run(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 1, 3, DIFF_SAMPLED);
    f.s->period_ns[SIDE_B] = period; /* three runs of the same */
    add(&f, "f", SIDE_A, 1000);
    for (int i = 0; i < 3; i++)
        add(&f, "f", SIDE_B, 1000 + 10 * i);
    const struct diff_row *r = judged(&f, "f");
    assert_int_equal(r->verdict, DIFF_SAME);
    assert_true(fabs(r->change - 10 * period) < 1);
    diff_release(&f.d);
}

/* Times on the clock of one run a side: A and B in ms. */
static enum diff_verdict timed(double a, double b, double queued_a, double queued_b,
                               double variance)
{
    struct fixture f;
    begin(&f, 1, 1, DIFF_TIMED);
    add(&f, "f", SIDE_A, a);
    add(&f, "f", SIDE_B, b);
    f.s->queued_ns[SIDE_A] = queued_a * period;
    f.s->queued_ns[SIDE_B] = queued_b * period;
    f.s->row[0].side[SIDE_B].variance = variance * period * period;
    enum diff_verdict v = judged(&f, "f")->verdict;
    diff_release(&f.d);
    return v;
}

static void what_waiting_for_a_processor_explains_is_no_news(void **state)
{
    (void)state;
    assert_int_equal(timed(20, 45, 0, 0, 0), DIFF_MORE);
    /* Without what it waited it has doubled, or nearly. */
    assert_int_equal(timed(20, 45, 0, 4.9, 0), DIFF_MORE);
    assert_int_equal(timed(20, 45, 0, 5.1, 0), DIFF_SAME);
    assert_int_equal(timed(20, 45, 0, 26, 0), DIFF_SAME);
    assert_int_equal(timed(20, 45, 0, 90, 0), DIFF_SAME);
    assert_int_equal(timed(0, 45, 0, 44.5, 0), DIFF_NEW);
    assert_int_equal(timed(0, 45, 0, 45, 0), DIFF_SAME);
    assert_int_equal(timed(20, 45, 26, 0, 0), DIFF_MORE); /* the shorter side waited */
    assert_int_equal(timed(45, 20, 26, 0, 0), DIFF_SAME);
    assert_int_equal(timed(45, 20, 0, 26, 0), DIFF_LESS);
}

static void an_estimate_is_news_beyond_three_standard_errors(void **state)
{
    (void)state;
    assert_int_equal(timed(20, 45, 0, 0, 8 * 8), DIFF_MORE);
    assert_int_equal(timed(20, 45, 0, 0, 9 * 9), DIFF_SAME);
}

static void exact_figures_are_news_where_they_differ(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 1, 1, DIFF_COUNTED);
    f.s->quantity = QUANTITY_COUNT;
    add(&f, "calls", SIDE_A, 1000);
    add(&f, "calls", SIDE_B, 1020);
    assert_int_equal(judged(&f, "calls")->verdict, DIFF_MORE);
    diff_release(&f.d);
    begin(&f, 1, 1, DIFF_COUNTED);
    add(&f, "calls", SIDE_A, 1000);
    add(&f, "calls", SIDE_B, 1005);
    assert_int_equal(judged(&f, "calls")->verdict, DIFF_SAME);
    diff_release(&f.d);
}

/* A few strings made again, by chance of their addresses. */
static void expect_bytes(double a, double b, enum diff_verdict v)
{
    struct fixture f;
    begin(&f, 1, 1, DIFF_COUNTED);
    f.s->quantity = QUANTITY_BYTES;
    add(&f, "module", SIDE_A, a / period);
    add(&f, "module", SIDE_B, b / period);
    assert_int_equal(judged(&f, "module")->verdict, v);
    diff_release(&f.d);
}

static void a_few_bytes_are_no_news(void **state)
{
    (void)state;
    expect_bytes(4540, 4623, DIFF_SAME);
    expect_bytes(4540, 4540 + 300, DIFF_MORE);
    expect_bytes(1e6, 1e6 + 5000, DIFF_SAME);
    expect_bytes(0, 100, DIFF_NEW);
}

/* A may have had UNSEEN more than was seen. */
static enum diff_verdict seen_in_part(size_t runs, double unseen, double a, double b)
{
    struct fixture f;
    begin(&f, runs, runs, DIFF_COUNTED);
    f.s->quantity = QUANTITY_BYTES;
    f.s->unseen[SIDE_A] = unseen;
    for (size_t i = 0; i < runs; i++) {
        add(&f, "", SIDE_A, a / period);
        add(&f, "", SIDE_B, b / period);
    }
    enum diff_verdict v = judged(&f, "")->verdict;
    diff_release(&f.d);
    return v;
}

static void what_may_only_not_have_been_seen_is_no_news(void **state)
{
    (void)state;
    for (size_t runs = 1; runs <= 3; runs += 2) {
        assert_int_equal(seen_in_part(runs, 65536, 0, 4576), DIFF_SAME);
        assert_int_equal(seen_in_part(runs, 65536, 0, 65537), DIFF_NEW);
        assert_int_equal(seen_in_part(runs, 65536, 1000, 70000), DIFF_MORE);
        assert_int_equal(seen_in_part(runs, 65536, 70000, 1000), DIFF_LESS); /* B was seen whole */
        assert_int_equal(seen_in_part(runs, 0, 0, 4576), DIFF_NEW);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binomial_tails_have_their_known_values),
        cmocka_unit_test(tails_are_the_sum_of_their_terms),
        cmocka_unit_test(what_is_within_the_sampling_error_is_no_news),
        cmocka_unit_test(what_is_beyond_it_is),
        cmocka_unit_test(equal_rates_are_hardly_ever_news),
        cmocka_unit_test(scatter_of_the_runs_counts_where_there_are_several),
        cmocka_unit_test(what_differs_as_the_whole_does_is_of_pace),
        cmocka_unit_test(runs_of_different_number_and_rate_are_compared_per_run),
        cmocka_unit_test(samples_of_different_weight_count_as_fewer),
        cmocka_unit_test(what_waiting_for_a_processor_explains_is_no_news),
        cmocka_unit_test(an_estimate_is_news_beyond_three_standard_errors),
        cmocka_unit_test(exact_figures_are_news_where_they_differ),
        cmocka_unit_test(a_few_bytes_are_no_news),
        cmocka_unit_test(what_may_only_not_have_been_seen_is_no_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
