/* test_analyse: nested times and bytes, names of functions, estimates, sums, what to trust. */
/* SOURCES: tests/unit/trace_builder.c */
#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "collector/analyse/crossing_pick.h"
#include "collector/analyse/digest.h"
#include "collector/analyse/span_pick.h"
#include "collector/ingest/ingest.h"
#include "tests/unit/trace_builder.h"

enum { MS = 1000000 };

struct fixture {
    struct trace trace;
    struct model model;
    struct symbols *symbols;
    struct digest digest;
};

static void begin(struct fixture *f)
{
    trace_init(&f->trace, 7);
}

static void ready(struct fixture *f)
{
    struct err err;
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

static void demo(struct fixture *f)
{
    begin(f);
    trace_demo(&f->trace);
    ready(f);
}

static const struct span_node *node(const struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->digest.spans.n; i++)
        if (!strcmp(f->digest.spans.node[i].name, name))
            return &f->digest.spans.node[i];
    fail_msg("no span %s", name);
    return NULL;
}

static const struct crossing_row *crossing(const struct fixture *f, const char *label)
{
    for (size_t i = 0; i < f->digest.crossings.n; i++)
        if (!strcmp(f->digest.crossings.row[i].label, label))
            return &f->digest.crossings.row[i];
    fail_msg("no function %s", label);
    return NULL;
}

static int says(const struct sentences *s, const char *part)
{
    for (size_t i = 0; i < s->n; i++)
        if (strstr(s->at[i], part))
            return 1;
    return 0;
}

static void self_time_is_total_without_children(void **state)
{
    struct fixture f;
    (void)state;
    demo(&f);
    const struct span_node *app = node(&f, "app");
    assert_int_equal(app->total_ns, 17 * MS);
    assert_int_equal(app->self_ns, (17 - 7) * MS - 1.5 * MS - 0.5 * MS);
    assert_int_equal(app->run_self_ns, (16 - 7) * MS - 1.5 * MS - 0.5 * MS);
    assert_int_equal(app->child_n, 3);
    assert_int_equal(node(&f, "pl.utils")->depth, 2);
    assert_int_equal(node(&f, "no.such")->try_n, 3);
    end(&f);
}

static void self_bytes_are_what_children_leave(void **state)
{
    struct fixture f;
    (void)state;
    demo(&f);
    int64_t children = node(&f, "pl.utils")->span->end.lua_bytes;
    const struct span_node *pretty = node(&f, "pl.pretty");
    assert_int_equal(pretty->lua_self, pretty->span->end.lua_bytes - children);
    assert_int_equal(node(&f, "pl.utils")->lua_self, children);
    end(&f);
}

static void span_with_lost_parent_is_a_root(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    trace_span(&f.trace, &(struct trace_span){2, 1, "orphan", 5, 6, 0.5});
    trace_span(&f.trace, &(struct trace_span){3, 3, "own parent", 7, 8, 0.5});
    ready(&f);
    assert_int_equal(node(&f, "orphan")->parent, SPAN_NO_PARENT);
    assert_int_equal(node(&f, "own parent")->parent, SPAN_NO_PARENT);
    assert_int_equal(node(&f, "own parent")->self_ns, MS);
    end(&f);
}

static void span_without_end_runs_until_the_trace_ends(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    TRACE_ADD(&f.trace, span_begin, .id = 1, .kind = SPAN_REQUIRE,
              .name = trace_string(&f.trace, "open"), .begin_ns = trace_ms(&f.trace, 10));
    trace_end(&f.trace, 0);
    ready(&f);
    assert_true(node(&f, "open")->open);
    assert_int_equal(node(&f, "open")->total_ns, 30 * MS);
    assert_int_equal(f.digest.modules.open_n, 1);
    end(&f);
}

static void picked_tree_holds_every_parent(void **state)
{
    struct fixture f;
    struct span_pick k;
    (void)state;
    demo(&f);
    span_pick(&k, &f.digest.spans, f.model.process[0], NULL, SPAN_BY_BEGIN, 3);
    assert_int_equal(k.n, 3);
    assert_int_equal(k.matched_n, 5);
    assert_string_equal(f.digest.spans.node[k.node[0]].name, "app");
    assert_string_equal(f.digest.spans.node[k.node[1]].name, "pl.pretty");
    assert_string_equal(f.digest.spans.node[k.node[2]].name, "pl.utils");
    assert_int_equal(k.left_self_ns, 2 * MS); /* lpeg and no.such */
    span_pick_release(&k);
    end(&f);
}

static void sorted_and_filtered_spans(void **state)
{
    struct fixture f;
    struct span_pick k;
    (void)state;
    demo(&f);
    span_pick(&k, &f.digest.spans, f.model.process[0], "pl.", SPAN_BY_NAME, SIZE_MAX);
    assert_int_equal(k.n, 2);
    assert_string_equal(f.digest.spans.node[k.node[1]].name, "pl.utils");
    span_pick_release(&k);
    span_pick(&k, &f.digest.spans, f.model.process[0], "l*g", SPAN_BY_SELF, SIZE_MAX);
    assert_int_equal(k.n, 1);
    span_pick_release(&k);
    end(&f);
}

static void functions_are_named_as_lua_knows_them(void **state)
{
    struct fixture f;
    (void)state;
    demo(&f);
    assert_int_equal(crossing(&f, "print")->down.n, 10);
    assert_int_equal(crossing(&f, "string.format")->down.n, 123456);
    assert_string_equal(crossing(&f, "FILE*:read")->module, "io");
    assert_false(crossing(&f, "lpeg.so+0x123")->named);
    assert_int_equal(f.digest.crossings.down_n, 10 + 123456 + 7 + 3);
    end(&f);
}

/* 1,000 of 10,000 calls timed (by more than one thread): half take 1 us, half 3 us. Mean 2 us,
 * variance 1 us^2. */
static void estimate_has_the_standard_error_of_its_sample(void **state)
{
    (void)state;
    struct sampled s = sampled_make(10000, 1000, 20000000, 50000);
    assert_true(fabs(s.mean_ns - 2000) < 1e-6);
    assert_true(fabs(s.error_ns - 1e4 * sqrt(1e6 / 1000 * 0.9)) < 1);
    assert_true(sampled_make(10, 10, 20000, 0).error_ns == 0); /* all timed: exact */
    assert_true(sampled_make(100, 1, 20000, 0).error_ns < 0);  /* one: not known */
    assert_true(sampled_make(10, 0, 0, 0).total_ns == 0);
    assert_true(sampled_make(10000, 1000, 20000000, 0).error_ns == 0); /* rounded away: no NaN */
}

static void calls_that_did_not_return_have_no_part_in_the_mean(void **state)
{
    (void)state;
    struct sampled few = sampled_make(9, 3, 3000, 3); /* the first 32 are all timed: 6 were left */
    assert_true(few.mean_ns == 1000 && few.error_ns == 0);
    /* 32 + 32 ln(3200/32) = 179 of 3,200 would be timed; 18 were: a tenth returned. */
    struct sampled many = sampled_make(3200, 18, 320000, 320);
    assert_true(many.mean_ns > 900 && many.mean_ns < 1100);
    struct sampled all = sampled_make(3200, 179, 3200000, 3200);
    assert_true(all.mean_ns == 1000);
}

static void modules_add_up_their_functions(void **state)
{
    struct fixture f;
    struct crossing_modules m;
    uint64_t sum = 0;
    (void)state;
    demo(&f);
    crossing_modules_build(&m, &f.digest.crossings);
    assert_int_equal(m.n, 4);
    for (size_t i = 0; i < m.n; i++)
        sum += m.row[i].down.n;
    assert_int_equal(sum, f.digest.crossings.down_n);
    crossing_modules_release(&m);
    end(&f);
}

static void totals_of_demo(void **state)
{
    struct fixture f;
    (void)state;
    demo(&f);
    assert_int_equal(f.digest.modules.lua_n, 4);
    assert_int_equal(f.digest.modules.failed_n, 1);
    assert_int_equal(f.digest.modules.total_ns, 17 * MS); /* nested ones are in it already */
    assert_int_equal(f.digest.modules.hit_n, 12);
    assert_int_equal(f.digest.lua.alloc_n, 2800);
    assert_int_equal(f.digest.lua.alloc_bytes, 90000 + 80000 + 16800);
    assert_int_equal(f.digest.lua.live_bytes, 400000);
    assert_int_equal(f.digest.c.alloc_bytes, 60008);
    end(&f);
}

static void size_classes_end_where_the_format_says(void **state)
{
    (void)state;
    assert_int_equal(size_class_limit(0), 0);
    assert_int_equal(size_class_limit(1), 16);
    assert_int_equal(size_class_limit(8), 128);
    assert_int_equal(size_class_limit(9), 256);
    assert_int_equal(size_class_limit(11), 1024);
    assert_int_equal(size_class_limit(SIZE_CLASS_N - 1), 0); /* everything larger */
}

static void trust_names_what_is_not_covered_and_lost(void **state)
{
    struct fixture f;
    (void)state;
    demo(&f);
    assert_int_equal(f.digest.incomplete.n, 0);
    assert_true(says(&f.digest.covered, "Lua 5.4.4 in /usr/bin/lua5.4"));
    assert_true(says(&f.digest.uncovered, "valloc in /opt/odd.so: its first"));
    assert_true(says(&f.digest.losses, "1,234 events were dropped"));
    assert_int_equal(f.digest.losses.n, 1); /* calls left by errors are no loss */
    end(&f);
}

static void trust_names_a_copy_that_was_left_alone(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    trace_process(&f.trace);
    TRACE_ADD(&f.trace, object, .id = 3, .path = trace_string(&f.trace, "/lib/liblua5.3.so"));
    TRACE_ADD(&f.trace, copy, .id = 1, .object = 3, .status = COPY_NOT,
              .version = trace_string(&f.trace, "Lua 5.3.6"),
              .reason = trace_string(&f.trace, "not 5.4"));
    ready(&f);
    assert_int_equal(f.digest.covered.n, 0);
    assert_true(says(&f.digest.uncovered, "Lua 5.3.6 in /lib/liblua5.3.so: not 5.4"));
    assert_true(says(&f.digest.incomplete, "no end record"));
    end(&f);
}

static void ending_is_told_as_people_say_it(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    trace_process(&f.trace);
    TRACE_ADD(&f.trace, end, .reason = END_KILLED, .status = 137);
    ready(&f);
    assert_string_equal(digest_ending(&f.digest), "killed by signal 9");
    assert_string_equal(digest_command(&f.digest), "lua5.4 -e require 'app'");
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_time_is_total_without_children),
        cmocka_unit_test(self_bytes_are_what_children_leave),
        cmocka_unit_test(span_with_lost_parent_is_a_root),
        cmocka_unit_test(span_without_end_runs_until_the_trace_ends),
        cmocka_unit_test(picked_tree_holds_every_parent),
        cmocka_unit_test(sorted_and_filtered_spans),
        cmocka_unit_test(functions_are_named_as_lua_knows_them),
        cmocka_unit_test(estimate_has_the_standard_error_of_its_sample),
        cmocka_unit_test(calls_that_did_not_return_have_no_part_in_the_mean),
        cmocka_unit_test(modules_add_up_their_functions),
        cmocka_unit_test(totals_of_demo),
        cmocka_unit_test(size_classes_end_where_the_format_says),
        cmocka_unit_test(trust_names_what_is_not_covered_and_lost),
        cmocka_unit_test(trust_names_a_copy_that_was_left_alone),
        cmocka_unit_test(ending_is_told_as_people_say_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
