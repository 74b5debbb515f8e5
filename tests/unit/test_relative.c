/* test_relative: repeated runs, and what a baseline makes of them. */
/* SOURCES: tests/unit/trace_builder.c */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/budget/budget_file.h"
#include "collector/budget/verdict.h"
#include "collector/ingest/ingest.h"
#include "collector/output/check_output.h"
#include "tests/unit/trace_builder.h"

enum { RUNS_MAX = 64 };

/* Runs of one command: the module `app` took so many ms in each, and string.format was called so often. */
struct runs {
    size_t n;
    struct trace trace[RUNS_MAX];
    struct model model[RUNS_MAX];
    struct digest digest[RUNS_MAX], *d[RUNS_MAX];
    struct symbols *symbols;
    struct run_groups groups;
};

static void run_build(struct trace *t, double ms, uint64_t calls)
{
    trace_process(t);
    TRACE_ADD(t, copy, .id = 0, .status = 0, .layout = 1);
    trace_span(t, &(struct trace_span){1, 0, "app", 1, 1 + ms, ms});
    TRACE_ADD(t, function, .id = 1, .name = trace_string(t, "format"),
              .module = trace_string(t, "string"));
    TRACE_ADD(t, crossing, .function = 1, .down_n = calls);
    trace_end(t, 0);
    trace_frame(t);
}

static struct runs *runs_make(const double *ms, const double *calls, size_t n)
{
    struct runs *r = calloc(1, sizeof *r);
    struct err err = {""};
    r->symbols = symbols_new();
    r->n = n;
    for (size_t i = 0; i < n; i++) {
        trace_init(&r->trace[i], (uint32_t)(100 + i));
        run_build(&r->trace[i], ms[i], calls ? (uint64_t)calls[i] : 1);
        assert_int_equal(ingest_bytes("t", r->trace[i].bytes, r->trace[i].n, &r->model[i], &err),
                         0);
        digest_build(&r->digest[i], &r->model[i], r->model[i].process[0], r->symbols);
        r->d[i] = &r->digest[i];
    }
    run_groups_make(&r->groups, r->d, n);
    return r;
}

static void runs_free(struct runs *r)
{
    run_groups_release(&r->groups);
    for (size_t i = 0; i < r->n; i++) {
        digest_release(&r->digest[i]);
        model_release(&r->model[i]);
        trace_free(&r->trace[i]);
    }
    symbols_free(r->symbols);
    free(r);
}

struct judged {
    struct budget budget;
    struct findings findings;
};

static const struct finding *judge(struct judged *j, const char *rule, struct runs *now,
                                   const struct baseline *base)
{
    struct err err = {""};
    char text[300];
    snprintf(text, sizeof text, "budgets = { { %s } }", rule);
    if (budget_text_read(&j->budget, "b", text, strlen(text), &err))
        fail_msg("%s", err.text);
    findings_make(&j->findings, &j->budget, &now->groups, base);
    return j->findings.at;
}

static void judged_end(struct judged *j)
{
    findings_release(&j->findings);
    budget_release(&j->budget);
}

/* The rule's verdict on NOW, held against WAS (NULL: no baseline), and the exit status. */
static void verdict_is(const char *rule, struct runs *now, struct runs *was, enum verdict wanted,
                       int status)
{
    struct judged j;
    struct baseline base = {.name = "main"};
    if (was)
        base.groups = was->groups;
    const struct finding *f = judge(&j, rule, now, was ? &base : NULL);
    if (f->verdict != wanted) {
        char *say = check_sentence(f);
        fail_msg("%s: %s: %s", rule, verdict_name(f->verdict), say);
    }
    assert_int_equal(findings_status(&j.findings, 0, 0), status);
    judged_end(&j);
}

static const double quiet[] = {100, 101, 99.5, 100.2, 99.8, 100.4, 99.9, 100.1, 100.3, 99.7};
static const double slower[] = {120, 121, 119.5, 120.2, 119.8, 120.4, 119.9, 120.1, 120.3, 119.7};
static const double little[] = {104, 105, 103.5, 104.2, 103.8, 104.4, 103.9, 104.1, 104.3, 103.7};
static const double noisy[] = {80, 170, 95, 150, 85, 140, 100, 160, 90, 130};
enum { N = sizeof quiet / sizeof *quiet };

static const char times[] = "metric = 'module.self', module = 'app', regression = '10%'";

static void slower_than_allowed_and_beyond_chance_fails(void **state)
{
    struct runs *a = runs_make(quiet, NULL, N), *b = runs_make(slower, NULL, N);
    (void)state;
    verdict_is(times, b, a, VERDICT_FAIL, EXIT_OVER);
    verdict_is(times, a, b, VERDICT_PASS, EXIT_FINE);
    verdict_is("metric = 'module.self', module = 'app', regression = '30%'", b, a, VERDICT_PASS,
               EXIT_FINE);
    verdict_is("metric = 'module.self', module = 'app', regression = '10%', level = 'warn'", b, a,
               VERDICT_WARN, EXIT_FINE);
    runs_free(a);
    runs_free(b);
}

static void less_than_allowed_passes(void **state)
{
    struct runs *a = runs_make(quiet, NULL, N), *b = runs_make(little, NULL, N);
    (void)state;
    verdict_is(times, b, a, VERDICT_PASS, EXIT_FINE);
    verdict_is(times, a, a, VERDICT_PASS, EXIT_FINE);
    runs_free(a);
    runs_free(b);
}

static void noise_gives_no_verdict_and_asks_for_runs(void **state)
{
    struct runs *a = runs_make(quiet, NULL, N), *b = runs_make(noisy, NULL, N);
    struct baseline base = {.name = "main", .groups = a->groups};
    struct judged j;
    (void)state;
    const struct finding *f = judge(&j, times, b, &base);
    assert_int_equal(f->verdict, VERDICT_UNSTABLE);
    assert_true(f->relative.more > 0);
    assert_non_null(strstr(f->relative.why, "more runs"));
    assert_int_equal(findings_status(&j.findings, 0, 0), EXIT_NO_VERDICT);
    assert_int_equal(findings_status(&j.findings, 0, 1), EXIT_FINE); /* lenient */
    judged_end(&j);
    runs_free(a);
    runs_free(b);
}

static void few_runs_of_a_time_give_no_verdict(void **state)
{
    struct runs *a = runs_make(quiet, NULL, N), *b = runs_make(slower, NULL, 4);
    (void)state;
    verdict_is(times, b, a, VERDICT_UNSTABLE, EXIT_NO_VERDICT);
    verdict_is(times, a, b, VERDICT_UNSTABLE, EXIT_NO_VERDICT);
    runs_free(a);
    runs_free(b);
}

static void counts_need_one_run(void **state)
{
    static const double ms[] = {1}, hundred[] = {100}, more[] = {111}, allowed[] = {110};
    static const char rule[] = "metric = 'crossings.down', regression = '10%'";
    struct runs *a = runs_make(ms, hundred, 1), *b = runs_make(ms, more, 1);
    struct runs *c = runs_make(ms, allowed, 1);
    (void)state;
    verdict_is(rule, b, a, VERDICT_FAIL, EXIT_OVER);
    verdict_is(rule, c, a, VERDICT_PASS, EXIT_FINE);
    verdict_is(rule, a, b, VERDICT_PASS, EXIT_FINE);
    runs_free(a);
    runs_free(b);
    runs_free(c);
}

static void without_a_baseline_there_is_no_verdict(void **state)
{
    struct runs *a = runs_make(quiet, NULL, N);
    (void)state;
    verdict_is(times, a, NULL, VERDICT_MISSING, EXIT_NO_VERDICT);
    verdict_is("metric = 'module.self', module = 'app', regression = '10%', level = 'warn'", a,
               NULL, VERDICT_MISSING, EXIT_FINE);
    /* The absolute limit counts all the same. */
    verdict_is("metric = 'module.self', module = 'app', regression = '10%', limit = '50 ms'", a,
               NULL, VERDICT_FAIL, EXIT_OVER);
    runs_free(a);
}

static void both_limits_of_a_rule_count(void **state)
{
    struct runs *a = runs_make(quiet, NULL, N), *b = runs_make(slower, NULL, N);
    (void)state;
    verdict_is("metric = 'module.self', regression = '50%', limit = '110 ms'", b, a, VERDICT_FAIL,
               EXIT_OVER);
    verdict_is("metric = 'module.self', regression = '10%', limit = '1 s'", b, a, VERDICT_FAIL,
               EXIT_OVER);
    verdict_is("metric = 'module.self', regression = '50%', limit = '1 s'", b, a, VERDICT_PASS,
               EXIT_FINE);
    runs_free(a);
    runs_free(b);
}

static void times_of_repeated_runs_are_judged_by_their_median(void **state)
{
    static const double ms[] = {1, 30, 2, 3, 40}, calls[] = {1, 1, 7, 1, 1};
    struct runs *a = runs_make(ms, calls, 5);
    struct judged j;
    (void)state;
    const struct finding *f = judge(&j, "metric = 'module.self', limit = '3 ms'", a, NULL);
    assert_int_equal(f->verdict, VERDICT_PASS);
    assert_int_equal(f->run_n, 5);
    assert_true(f->value > 2.9e6 && f->value < 3.1e6);
    judged_end(&j);
    verdict_is("metric = 'module.self', limit = '2.9 ms'", a, NULL, VERDICT_FAIL, EXIT_OVER);
    /* Counts are judged in every run. */
    f = judge(&j, "metric = 'crossings.down', limit = 6", a, NULL);
    assert_int_equal(f->verdict, VERDICT_FAIL);
    assert_int_equal(f->digest->process->pid, 102);
    judged_end(&j);
    runs_free(a);
}

static void what_json_says_is_a_baseline(void **state)
{
    struct runs *a = runs_make(quiet, NULL, N), *b = runs_make(slower, NULL, N);
    struct baseline base = {0};
    struct err err = {""};
    struct judged j;
    char *text = NULL;
    size_t n = 0;
    (void)state;
    judge(&j, times, a, NULL);
    struct check_report r = {.budget = &j.budget,
                             .findings = &j.findings,
                             .digest = a->d,
                             .digest_n = a->n,
                             .groups = &a->groups,
                             .file = "b"};
    FILE *out = open_memstream(&text, &n);
    check_json(&r, out);
    fclose(out);
    judged_end(&j);
    assert_int_equal(baseline_json_read(&base, "x.json", text, n, &err), 0);
    const struct finding *f = judge(&j, times, b, &base);
    assert_int_equal(f->verdict, VERDICT_FAIL);
    assert_int_equal(f->relative.base_n, N);
    assert_true(f->relative.change > 0.19 && f->relative.change < 0.21);
    judged_end(&j);
    /* Another measure is not in it. */
    f = judge(&j, "metric = 'module.total', regression = '10%'", b, &base);
    assert_int_equal(f->verdict, VERDICT_MISSING);
    judged_end(&j);
    baseline_release(&base);
    free(text);
    runs_free(a);
    runs_free(b);
}

static void other_files_are_no_baseline(void **state)
{
    static const char *const text[] = {"",
                                       "{}",
                                       "[]",
                                       "x",
                                       "{\"schema\":\"other\",\"version\":2}",
                                       "{\"schema\":\"modprof-check\",\"version\":1}",
                                       "{\"schema\":\"modprof-check\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct baseline base = {0};
        struct err err = {""};
        assert_int_equal(baseline_json_read(&base, "x.json", text[i], strlen(text[i]), &err), -1);
        assert_non_null(strstr(err.text, "x.json"));
        baseline_release(&base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slower_than_allowed_and_beyond_chance_fails),
        cmocka_unit_test(less_than_allowed_passes),
        cmocka_unit_test(noise_gives_no_verdict_and_asks_for_runs),
        cmocka_unit_test(few_runs_of_a_time_give_no_verdict),
        cmocka_unit_test(counts_need_one_run),
        cmocka_unit_test(without_a_baseline_there_is_no_verdict),
        cmocka_unit_test(both_limits_of_a_rule_count),
        cmocka_unit_test(times_of_repeated_runs_are_judged_by_their_median),
        cmocka_unit_test(what_json_says_is_a_baseline),
        cmocka_unit_test(other_files_are_no_baseline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
