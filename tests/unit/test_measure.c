/* test_measure: quantiles, rates, marks and what lies between them. */
/* SOURCES: tests/unit/trace_builder.c */
#include "tests/unit/unit.h"

#include <math.h>
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
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    trace_init(&f->trace, 7);
    trace_process(&f->trace);
    TRACE_ADD(&f->trace, copy, .id = 0, .status = 0, .layout = 1);
}

static void mark(struct fixture *f, const char *name, double ms, uint64_t lua_bytes, uint64_t tid)
{
    static uint64_t id;
    TRACE_ADD(&f->trace, mark, .id = ++id, .name = trace_string(&f->trace, name), .origin = 1,
              .at_ns = trace_ms(&f->trace, ms), .tid = tid, .state = 1, .lua_bytes = lua_bytes,
              .c_bytes = 5, .rss_bytes = 4096);
}

static void ready(struct fixture *f)
{
    struct err err = {""};
    trace_end(&f->trace, 0);
    trace_frame(&f->trace);
    assert_int_equal(ingest_bytes("t", f->trace.bytes, f->trace.n, &f->model, &err), 0);
    f->symbols = symbols_new();
    digest_build(&f->digest, &f->model, f->model.process[0], f->symbols);
}

static void end(struct fixture *f)
{
    digest_release(&f->digest);
    symbols_free(f->symbols);
    model_release(&f->model);
    trace_free(&f->trace);
}

/* What RULE measures; its verdict to *VERDICT, if not NULL. */
static double value_of(struct fixture *f, const char *rule, enum verdict *verdict)
{
    struct budget b;
    struct findings all;
    struct run_groups groups;
    struct err err = {""};
    struct digest *d = &f->digest;
    char text[300];
    snprintf(text, sizeof text, "budgets = { { %s } }", rule);
    if (budget_text_read(&b, "b", text, strlen(text), &err))
        fail_msg("%s", err.text);
    run_groups_make(&groups, &d, 1);
    findings_make(&all, &b, &groups, NULL);
    double v = all.at[0].m.n ? all.at[0].value : NAN;
    if (verdict)
        *verdict = all.at[0].verdict;
    findings_release(&all);
    run_groups_release(&groups);
    budget_release(&b);
    return v;
}

static void value_is(struct fixture *f, const char *rule, double wanted)
{
    double v = value_of(f, rule, NULL);
    if (!(fabs(v - wanted) <= 1e-6 * fabs(wanted)))
        fail_msg("%s: %.17g, not %.17g", rule, v, wanted);
}

static void verdict_is(struct fixture *f, const char *rule, enum verdict wanted)
{
    enum verdict v;
    value_of(f, rule, &v);
    if (v != wanted)
        fail_msg("%s: %s", rule, verdict_name(v));
}

/* 1, 2 ... N ms, in an order of no kind. */
static void loads(struct fixture *f, int n)
{
    begin(f);
    for (int i = 0; i < n; i++) {
        int ms = i * 37 % n + 1;
        trace_span(&f->trace, &(struct trace_span){(uint64_t)i + 1, 0, "app", i * 1000.0,
                                                   i * 1000.0 + ms, 0.1});
    }
    ready(f);
}

static void quantiles_are_those_of_the_values(void **state)
{
    struct fixture f;
    (void)state;
    loads(&f, 100);
    value_is(&f, "metric = 'module.total', limit = '1 s', at = 'min'", 1e6);
    value_is(&f, "metric = 'module.total', limit = '1 s', at = 'mean'", 50.5e6);
    value_is(&f, "metric = 'module.total', limit = '1 s', at = 'median'", 50.5e6);
    value_is(&f, "metric = 'module.total', limit = '1 s', at = 'p90'", 90.1e6);
    value_is(&f, "metric = 'module.total', limit = '1 s', at = 'p95'", 95.05e6);
    value_is(&f, "metric = 'module.total', limit = '1 s', at = 'p99'", 99.01e6);
    value_is(&f, "metric = 'module.total', limit = '1 s', at = 'max'", 100e6);
    value_is(&f, "metric = 'module.total', limit = '1 s'", 100e6);
    verdict_is(&f, "metric = 'module.total', limit = '95.1 ms', at = 'p95'", VERDICT_PASS);
    verdict_is(&f, "metric = 'module.total', limit = '95 ms', at = 'p95'", VERDICT_FAIL);
    verdict_is(&f, "metric = 'module.total', limit = '95 ms', at = 'p95', module = 'x'",
               VERDICT_UNTESTED);
    end(&f);
}

static void too_few_values_have_no_tail(void **state)
{
    struct fixture f;
    (void)state;
    loads(&f, 19);
    verdict_is(&f, "metric = 'module.total', limit = '1 s', at = 'median'", VERDICT_PASS);
    verdict_is(&f, "metric = 'module.total', limit = '1 s', at = 'p90'", VERDICT_PASS);
    verdict_is(&f, "metric = 'module.total', limit = '1 s', at = 'p95'", VERDICT_INCOMPLETE);
    verdict_is(&f, "metric = 'module.total', limit = '1 ms', at = 'p95'", VERDICT_INCOMPLETE);
    end(&f);
}

static void marks_tell_memory_and_rate(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    mark(&f, "records 1k", 100, 1000, 1);
    mark(&f, "step", 200, 2000, 1);
    mark(&f, "step", 300, 5000, 1);
    mark(&f, "step", 600, 3000, 1);
    ready(&f);
    value_is(&f, "metric = 'mark.lua', mark = 'records 1k', limit = '1 MB'", 1000);
    value_is(&f, "metric = 'mark.lua', mark = 'step', limit = '1 MB'", 5000);
    value_is(&f, "metric = 'mark.lua', limit = '1 MB', except = 'step'", 1000);
    value_is(&f, "metric = 'mark.c', mark = 'step', limit = '1 MB'", 5);
    value_is(&f, "metric = 'mark.rss', mark = 'step', limit = '1 MB'", 4096);
    value_is(&f, "metric = 'marks', mark = 'step', at_least = 3", 3);
    value_is(&f, "metric = 'marks', mark = 'step', at_least = '1/s'", 5); /* 2 steps in 0.4 s */
    verdict_is(&f, "metric = 'marks', mark = 'step', at_least = '6/s'", VERDICT_FAIL);
    verdict_is(&f, "metric = 'marks', mark = 'records 1k', at_least = '1/s'", VERDICT_UNTESTED);
    verdict_is(&f, "metric = 'mark.lua', mark = 'other', limit = '1 MB'", VERDICT_UNTESTED);
    end(&f);
}

static void intervals_are_between_marks_of_one_thread(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    mark(&f, "merge", 100, 1000, 1);
    mark(&f, "merge", 110, 1000, 2);
    mark(&f, "done", 130, 4000, 2);
    mark(&f, "done", 140, 4000, 3);
    mark(&f, "done", 150, 1500, 1);
    mark(&f, "merge", 200, 1000, 1);
    mark(&f, "merge", 205, 1000, 1);
    mark(&f, "done", 208, 900, 1);
    ready(&f);
    value_is(&f, "metric = 'interval.time', from = 'merge', to = 'done', limit = '1 s'", 50e6);
    value_is(&f, "metric = 'interval.time', from = 'merge', to = 'done', limit = '1 s', at = 'min'",
             3e6);
    value_is(&f,
             "metric = 'interval.time', from = 'merge', to = 'done', limit = '1 s', each = false",
             73e6);
    value_is(&f, "metric = 'interval.lua', from = 'merge', to = 'done', limit = '1 MB'", 3000);
    /* Up to the next of the same name: 100 and 5 ms on the first thread. */
    value_is(&f, "metric = 'interval.time', from = 'merge', limit = '1 s', each = false", 105e6);
    verdict_is(&f, "metric = 'interval.time', from = 'done', to = 'never', limit = '1 s'",
               VERDICT_UNTESTED);
    end(&f);
}

static void rates_are_over_the_run(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    TRACE_ADD(&f.trace, function, .id = 1, .name = trace_string(&f.trace, "format"),
              .module = trace_string(&f.trace, "string"));
    TRACE_ADD(&f.trace, crossing, .function = 1, .down_n = 1000);
    ready(&f);
    double seconds =
        (double)process_since_start(f.model.process[0], process_end_ns(f.model.process[0])) / 1e9;
    value_is(&f, "metric = 'crossings.down', limit = '1M/s'", 1000 / seconds);
    value_is(&f, "metric = 'crossings.down', limit = '1M'", 1000);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_values),
        cmocka_unit_test(too_few_values_have_no_tail),
        cmocka_unit_test(marks_tell_memory_and_rate),
        cmocka_unit_test(intervals_are_between_marks_of_one_thread),
        cmocka_unit_test(rates_are_over_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
