/* test_budget: units, patterns, what a settings file may not do, and what is said about wrong ones. */
#include "tests/unit/unit.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/budget/budget_file.h"
#include "collector/budget/draft.h"
#include "collector/budget/sandbox.h"

static double read_ok(enum quantity q, const char *text)
{
    struct err err = {""};
    double v = -1;
    if (quantity_read(q, text, &v, &err))
        fail_msg("%s: %s", text, err.text);
    return v;
}

static void read_bad(enum quantity q, const char *text, const char *say)
{
    struct err err = {""};
    double v;
    assert_int_equal(quantity_read(q, text, &v, &err), -1);
    if (!strstr(err.text, say))
        fail_msg("%s: %s", text, err.text);
}

static void units_are_read(void **state)
{
    (void)state;
    assert_true(read_ok(QUANTITY_TIME, "500 ms") == 500e6);
    assert_true(read_ok(QUANTITY_TIME, "1.5s") == 1.5e9);
    assert_true(read_ok(QUANTITY_TIME, "2 min") == 120e9);
    assert_true(read_ok(QUANTITY_BYTES, "24 MB") == 24e6);
    assert_true(read_ok(QUANTITY_BYTES, "24 MiB") == 24.0 * 1024 * 1024);
    assert_true(read_ok(QUANTITY_COUNT, "12k") == 12000);
    assert_true(read_ok(QUANTITY_COUNT, "7") == 7);
    assert_true(read_ok(QUANTITY_TIME, "0") == 0);
}

static void wrong_units_are_told(void **state)
{
    (void)state;
    read_bad(QUANTITY_TIME, "500", "has no unit");
    read_bad(QUANTITY_TIME, "500 MS", "did you mean `ms`");
    read_bad(QUANTITY_BYTES, "24 ms", "is a time, where a size is needed");
    read_bad(QUANTITY_COUNT, "24 MB", "is a size, where a count is needed");
    read_bad(QUANTITY_COUNT, "-1", "does not begin with a number");
    read_bad(QUANTITY_COUNT, "", "does not begin with a number");
    read_bad(QUANTITY_COUNT, "nan", "does not begin with a number");
    read_bad(QUANTITY_COUNT, "0x10", "is not a unit");
    read_bad(QUANTITY_COUNT, "1.2.3", "does not begin with a number");
    read_bad(QUANTITY_COUNT, "1e3", "is not a unit");
}

static void drafted_limits_hold_what_they_are_made_of(void **state)
{
    static const double value[] = {0,    1,    9,     12,     99,      101,
                                   1023, 1025, 45248, 999999, 1e7 + 1, 123456789};
    char text[HUMAN_MAX];
    (void)state;
    for (int q = QUANTITY_TIME; q <= QUANTITY_COUNT; q++)
        for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
            double v = read_ok(q, draft_limit(text, q, value[i], 1.25));
            if (v < value[i] * 1.25 || v > value[i] * 1.25 * 1.2 + 1)
                fail_msg("%.0f became %s", value[i], text);
        }
}

static void names_are_whole_or_globs(void **state)
{
    const char *name[] = {"app.*", "json"};
    struct name_set s = {name, 2, 2}, none = {0};
    (void)state;
    assert_true(name_set_holds(&s, "app.x"));
    assert_true(name_set_holds(&s, "json"));
    assert_false(name_set_holds(&s, "cjson"));
    assert_false(name_set_holds(&s, "app"));
    assert_true(name_set_allows(&none, "anything"));
    assert_false(name_set_holds(&none, "anything"));
}

/* The same as fnmatch says, for everything short that can be made of a few characters. */
static void globs_are_those_of_the_shell(void **state)
{
    static const char letters[] = "ab*?.";
    enum { PATTERN_N = 5 * 5 * 5 * 5, NAME_N = 3 * 3 * 3 * 3 };
    (void)state;
    for (int p = 0; p < PATTERN_N; p++)
        for (int n = 0; n < NAME_N; n++) {
            char pattern[5] = "", text[5] = "";
            for (int i = 0, pv = p, nv = n; i < 4; i++, pv /= 5, nv /= 3) {
                pattern[i] = letters[pv % 5];
                text[i] = "ab."[nv % 3];
            }
            text[n % 5] = 0;
            const char *at[] = {pattern};
            struct name_set s = {at, 1, 1};
            if (name_set_holds(&s, text) != !fnmatch(pattern, text, 0))
                fail_msg("%s %s", pattern, text);
        }
}

static void brackets_and_letters_beyond_ascii(void **state)
{
    const char *name[] = {"a[bc]*", "\xc3\xa4?x", "back\\slash", "in[valid"};
    struct name_set s = {name, 4, 4};
    (void)state;
    assert_true(name_set_holds(&s, "ab1"));
    assert_false(name_set_holds(&s, "ad1"));
    assert_true(name_set_holds(&s, "\xc3\xa4\xe2\x82\xacx"));
    assert_false(name_set_holds(&s, "\xc3\xa4\xe2\x82\xac\xe2\x82\xacx"));
    assert_true(name_set_holds(&s, "back\\slash"));
    assert_true(name_set_holds(&s, "in[valid"));
}

/* ---- files ---- */

static void file_bad(const char *text, const char *say)
{
    struct budget b;
    struct err err = {""};
    int bad = budget_text_read(&b, "f", text, strlen(text), &err);
    budget_release(&b);
    if (!bad || !strstr(err.text, say) || strchr(err.text, '\n') || strncmp(err.text, "f:", 2))
        fail_msg("%s -> %s", text, err.text);
}

static void endless_and_huge_files_end(void **state)
{
    (void)state;
    file_bad("\n::x:: goto x", "f:2: the file does not come to an end");
    file_bad("local s = 'x'\nwhile true do s = s .. s end", "f:2: the file takes too much memory");
    file_bad("local t = {}\nfor i = 1, 1e9 do t[i] = {} end",
             "f:2: the file takes too much memory");
    file_bad("local function f() return 1 + f() end\nf()", "the file takes too much memory");
    file_bad("local function f(...) return f(1, ...) end\nf()", "f:");
    file_bad("local a = {} a = a + 1", "attempt to perform arithmetic");
}

static void there_are_no_libraries(void **state)
{
    static const char *const call[] = {
        "os.exit(1)",   "io.open('x')",         "require 'os'",     "print(1)",       "load('x')()",
        "('x'):rep(9)", "setmetatable({}, {})", "collectgarbage()", "_ENV.os.exit()", "pcall(1)"};
    (void)state;
    for (size_t i = 0; i < sizeof call / sizeof *call; i++)
        file_bad(call[i], "f:1: attempt to ");
}

static void bytecode_is_refused(void **state)
{
    (void)state;
    file_bad("\033Lua", "compiled Lua");
}

static void wrong_rules_are_told_with_their_line(void **state)
{
    (void)state;
    file_bad("\nbudgets = { { metric = 'lua.peek', limit = 1 } }",
             "f:2: there is no metric `lua.peek`; did you mean `lua.peak`?");
    file_bad("budgets = {\n {\n metric = 'lua.peak',\n limti = '1 MB' } }",
             "f:4: a rule has no `limti`; did you mean `limit`?");
    file_bad("budgets = {\n{ metric = 'lua.peak', limit = '1 MB' },\n{ metric = 'lua.peak', limit "
             "= 5 } }",
             "f:3: limit of lua.peak: \"5\" has no unit");
    file_bad("budgets = { { limit = 5 } }", "f:1: the rule has no `metric`");
    file_bad("budgets = { { metric = 'losses' } }", "has no `limit`");
    file_bad("budgets = { { metric = 'losses', limit = 1, warn = 2 } }", "beyond `limit`");
    file_bad("budgets = { { metric = 'losses', limit = 1, at_least = 2 } }", "nothing is at least");
    file_bad("budgets = { { metric = 'covered', limit = 1 } }", "more is better");
    file_bad("budgets = { { metric = 'module.phase', limit = '1 ms' } }", "needs a `phase`");
    file_bad("budgets = { { metric = 'module.phase', phase = 'compil', limit = '1 ms' } }",
             "did you mean `compile`");
    file_bad("budgets = { { metric = 'losses', limit = 1, level = 'eror' } }",
             "did you mean `error`");
    file_bad("budgets = { { metric = 'losses', limit = 1, module = 'x' } }",
             "losses has no `module`");
    file_bad("budgets = { { metric = 'losses', limit = {} } }", "not a table");
    file_bad("budgets = { { metric = 'losses', limit = 1, each = true } }", "no meaning");
    file_bad("budgets = { x = 1 }", "list of rules");
    file_bad("budgets = { [3] = {} }", "rule 1 of `budgets` is missing");
    file_bad("budgets = {}", "holds no rule");
    file_bad("budgets = 5", "is a table, not a number");
    file_bad("local x = 1", "f: the file sets no `budgets`");
    file_bad("budget = {}", "did you mean `budgets`");
    file_bad("defaults = { limit = 5 } budgets = {}", "`limit` stands in a rule");
    file_bad("budgets = { { metric = 'crossings.down', function = 'x' } }", "the key is `func`");
    file_bad("budgets = { { metric = 'losses', limit = 1, name = 'a\\0b' } }", "NUL");
    file_bad("budgets = {\n{ metric = 'losses', regression = 0.1 } }",
             "f:2: `regression` is a share in quotes such as \"10%\", not a number");
    file_bad("budgets = { { metric = 'losses', regression = '10' } }", "not \"10\"");
    file_bad("budgets = { { metric = 'losses', regression = '10 ms' } }", "not \"10 ms\"");
    file_bad("budgets = { { metric = 'losses', regression = '%' } }", "not \"%\"");
    file_bad("budgets = { { metric = 'losses', regression = '1.2.3%' } }", "not \"1.2.3%\"");
    file_bad("budgets = { { metric = 'losses', regresion = '1%' } }", "did you mean `regression`");
    file_bad("budgets = { { metric = 'losses', limit = 1, at = 'p95' } }", "`at` has no meaning");
    file_bad("budgets = { { metric = 'module.self', limit = '1 s', at = 'p94' } }",
             "did you mean `p9");
    file_bad("budgets = { { metric = 'module.self', limit = '1 s', at = 'p95', each = false } }",
             "adds them up");
    file_bad("budgets = { { metric = 'interval.time', limit = '1 s' } }",
             "f:1: interval.time needs the name of a mark in `from`");
    file_bad("budgets = { { metric = 'mark.lua', mark = 'x', to = 'y', limit = '1 B' } }",
             "mark.lua has no `to`");
    file_bad("budgets = { { metric = 'module.self', limit = '5 ms/s' } }", "is not added up");
    file_bad("budgets = { { metric = 'lua.peak', limit = '5 MB/s' } }", "is not added up");
    file_bad("budgets = { { metric = 'crossings.down', limit = '5 MB/s' } }",
             "is a size, where a count is needed");
    file_bad("budgets = {\n{ metric = 'crossings.down', limit = '5k/s',\nwarn = '1k' } }",
             "f:3: `warn` (1k) is no rate, and another limit of the rule is one");
    file_bad("budgets = { { metric = 'marks', limit = 5 } }", "more is better");
    file_bad("baseline = 5 budgets = {}", "f:1: `baseline` is the name of a baseline");
    file_bad("basline = 'x' budgets = {}", "did you mean `baseline`");
}

static void rules_take_the_defaults_and_override_them(void **state)
{
    static const char text[] =
        "defaults = { level = 'warn', message = 'm', process = 'p', regression = '12.5%' }\n"
        "local mine = '2 MiB'\n"
        "return { defaults = defaults, baseline = 'main', budgets = {\n"
        "  { metric = 'lua.peak', limit = mine },\n"
        "  { metric = 'module.self', module = { 'a', 'b.*' }, limit = '1 ms',\n"
        "    level = 'error', process = { 'q', 'r' }, each = false },\n"
        "} }\n";
    struct budget b;
    struct err err = {""};
    (void)state;
    if (budget_text_read(&b, "f", text, strlen(text), &err))
        fail_msg("%s", err.text);
    assert_int_equal(b.n, 2);
    assert_int_equal(b.rule[0].level, LEVEL_WARN);
    assert_string_equal(b.rule[0].message, "m");
    assert_string_equal(b.rule[0].process.at[0], "p");
    assert_true(b.rule[0].limit.value == 2.0 * 1024 * 1024);
    assert_int_equal(b.rule[0].line, 4);
    assert_true(b.rule[0].regression.value == 0.125);
    assert_string_equal(b.baseline, "main");
    assert_string_equal(b.rule[0].name, "lua.peak");
    assert_int_equal(b.rule[1].level, LEVEL_ERROR);
    assert_int_equal(b.rule[1].process.n, 2);
    assert_int_equal(b.rule[1].each, 0);
    assert_string_equal(b.rule[1].name, "module.self a,b.*");
    assert_int_equal(b.rule[1].line, 5);
    budget_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_read),
        cmocka_unit_test(wrong_units_are_told),
        cmocka_unit_test(drafted_limits_hold_what_they_are_made_of),
        cmocka_unit_test(names_are_whole_or_globs),
        cmocka_unit_test(globs_are_those_of_the_shell),
        cmocka_unit_test(brackets_and_letters_beyond_ascii),
        cmocka_unit_test(endless_and_huge_files_end),
        cmocka_unit_test(there_are_no_libraries),
        cmocka_unit_test(bytecode_is_refused),
        cmocka_unit_test(wrong_rules_are_told_with_their_line),
        cmocka_unit_test(rules_take_the_defaults_and_override_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
