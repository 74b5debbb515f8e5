/* test_verdict: what losses, coverage and levels do to verdicts and to the exit status. */
/* SOURCES: tests/unit/trace_builder.c */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "collector/budget/budget_file.h"
#include "collector/budget/verdict.h"
#include "collector/ingest/ingest.h"
#include "tests/unit/trace_builder.h"

struct fixture {
    struct trace trace;
    struct model model;
    struct symbols *symbols;
    struct digest digest;
    struct budget budget;
    struct run_groups groups;
    struct findings findings;
};

/* The demo trace (which lost events of modules) held against the rules in TEXT. */
static void judge(struct fixture *f, const char *text)
{
    struct err err = {""};
    struct digest *d = &f->digest;
    trace_init(&f->trace, 7);
    trace_demo(&f->trace);
    assert_int_equal(ingest_bytes("t", f->trace.bytes, f->trace.n, &f->model, &err), 0);
    f->symbols = symbols_new();
    digest_build(d, &f->model, f->model.process[0], f->symbols);
    if (budget_text_read(&f->budget, "b", text, strlen(text), &err))
        fail_msg("%s", err.text);
    run_groups_make(&f->groups, &d, 1);
    findings_make(&f->findings, &f->budget, &f->groups, NULL);
}

static void end(struct fixture *f)
{
    findings_release(&f->findings);
    run_groups_release(&f->groups);
    budget_release(&f->budget);
    digest_release(&f->digest);
    symbols_free(f->symbols);
    model_release(&f->model);
    trace_free(&f->trace);
}

/* The only rule of TEXT has this verdict. */
static void verdict_is(const char *rule, enum verdict wanted, int status)
{
    struct fixture f;
    char text[300];
    snprintf(text, sizeof text, "budgets = { { %s } }", rule);
    judge(&f, text);
    if (f.findings.at[0].verdict != wanted)
        fail_msg("%s: %s", rule, verdict_name(f.findings.at[0].verdict));
    assert_int_equal(findings_status(&f.findings, 0, 0), status);
    end(&f);
}

static void losses_spoil_a_pass_but_not_a_fail(void **state)
{
    (void)state;
    verdict_is("metric = 'module.total', module = 'app', limit = '1 s'", VERDICT_INCOMPLETE,
               EXIT_NO_VERDICT);
    verdict_is("metric = 'module.total', module = 'app', limit = '1 ms'", VERDICT_FAIL, EXIT_OVER);
    verdict_is("metric = 'modules.loaded', at_least = 1000", VERDICT_INCOMPLETE, EXIT_NO_VERDICT);
    verdict_is("metric = 'losses', limit = 0", VERDICT_FAIL, EXIT_OVER);
}

static void losses_of_events_do_not_touch_counters(void **state)
{
    (void)state;
    verdict_is("metric = 'crossings.down', func = 'string.format', limit = 123456", VERDICT_PASS,
               EXIT_FINE);
    verdict_is("metric = 'crossings.down', func = 'string.format', limit = 123455", VERDICT_FAIL,
               EXIT_OVER);
    verdict_is("metric = 'crossings.down', func = 'string.format', at_least = 123457", VERDICT_FAIL,
               EXIT_OVER);
}

static void levels_decide_the_status(void **state)
{
    (void)state;
    verdict_is("metric = 'losses', limit = 0, level = 'warn'", VERDICT_WARN, EXIT_FINE);
    verdict_is("metric = 'losses', limit = '10k', warn = 0", VERDICT_WARN, EXIT_FINE);
    verdict_is("metric = 'module.total', module = 'app', limit = '1 s', level = 'warn'",
               VERDICT_INCOMPLETE, EXIT_FINE);
    verdict_is("metric = 'losses', limit = 0, level = 'off'", VERDICT_OFF, EXIT_NO_VERDICT);
}

static void processes_are_chosen_by_name(void **state)
{
    (void)state;
    verdict_is("metric = 'losses', limit = 0, process = 'lua5.4'", VERDICT_FAIL, EXIT_OVER);
    verdict_is("metric = 'losses', limit = 0, process = 'other*'", VERDICT_UNTESTED,
               EXIT_NO_VERDICT);
}

static void each_and_together_differ(void **state)
{
    struct fixture f;
    (void)state;
    judge(&f, "budgets = { { metric = 'module.self', limit = '1 ns' },\n"
              "{ metric = 'module.self', limit = '1 ns', each = false },\n"
              "{ metric = 'module.total', limit = '1 ns', each = false },\n"
              "{ metric = 'modules.total', limit = '1 ns' } }");
    const struct finding *one = f.findings.at;
    assert_true(one[1].value > one[0].value);
    assert_string_equal(one[0].place, one[1].place);
    assert_true(one[2].value == one[3].value); /* nested loads are not counted twice */
    assert_true(one[0].value == one[1].place_value);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_spoil_a_pass_but_not_a_fail),
        cmocka_unit_test(losses_of_events_do_not_touch_counters),
        cmocka_unit_test(levels_decide_the_status),
        cmocka_unit_test(processes_are_chosen_by_name),
        cmocka_unit_test(each_and_together_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
