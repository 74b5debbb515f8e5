/* test_report_output: what reaches the page and the JSON, at any width and with any name. */
/* SOURCES: tests/unit/trace_builder.c */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/digest.h"
#include "collector/ingest/ingest.h"
#include "collector/output/cells.h"
#include "collector/output/json_report.h"
#include "collector/output/text_report.h"
#include "tests/unit/trace_builder.h"

struct fixture {
    struct trace trace;
    struct model model;
    struct symbols *symbols;
    struct digest digest;
    struct report_options options;
};

static void begin(struct fixture *f)
{
    trace_init(&f->trace, 7);
    f->options = (struct report_options){.sections = SECTION_ALL, .top = 20};
}

static void ready(struct fixture *f)
{
    struct err err;
    trace_frame(&f->trace);
    assert_int_equal(ingest_bytes("t.mprof", f->trace.bytes, f->trace.n, &f->model, &err), 0);
    f->symbols = symbols_new();
    digest_build(&f->digest, &f->model, f->model.process[0], f->symbols);
}

static void demo(struct fixture *f)
{
    begin(f);
    trace_demo(&f->trace);
    ready(f);
}

static void end(struct fixture *f)
{
    digest_release(&f->digest);
    symbols_free(f->symbols);
    model_release(&f->model);
    trace_free(&f->trace);
}

__attribute__((noinline)) /* else gcc 12 takes TEXT for the local variable */
static char *
text_of(struct fixture *f, unsigned width, int cut, int color)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    struct canvas c = {out, width, cut, color};
    text_process(&f->digest, &f->options, &c);
    fclose(out);
    return text;
}

static size_t widest_line(const char *text)
{
    size_t widest = 0;
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = strndup(text, n);
        if (cells_width(line) > widest)
            widest = cells_width(line);
        free(line);
        text += n + (text[n] == '\n');
    }
    return widest;
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static void page_fits_the_width_it_is_given(void **state)
{
    static const unsigned widths[] = {80, 100, 120, 160, 200};
    struct fixture f;
    (void)state;
    demo(&f);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        char *text = text_of(&f, widths[i], 1, 0);
        assert_in_range(widest_line(text), 40, widths[i]);
        contains(text, "pl.pretty");
        contains(text, "string.format");
        free(text);
    }
    end(&f);
}

static void nothing_is_cut_where_the_output_is_no_terminal(void **state)
{
    static const char name[] = "a.module.with.a.name.that.is.longer.than.any.terminal.would.like."
                               "it.to.be.and.still.has.to.be.found.by.grep";
    struct fixture f;
    (void)state;
    begin(&f);
    trace_process(&f.trace);
    trace_span(&f.trace, &(struct trace_span){1, 0, name, 1, 2, 0.5});
    trace_end(&f.trace, 0);
    ready(&f);
    char *whole = text_of(&f, 80, 0, 0), *cut = text_of(&f, 80, 1, 0);
    contains(whole, name);
    assert_null(strstr(cut, name));
    contains(cut, "a.module.with");
    free(whole);
    free(cut);
    end(&f);
}

static void trust_comes_before_figures(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    trace_demo(&f.trace);
    f.trace.n -= 10;
    ready(&f);
    char *text = text_of(&f, 80, 1, 0);
    const char *incomplete = strstr(text, "INCOMPLETE:"), *uncovered = strstr(text, "NOT covered");
    const char *modules = strstr(text, "Modules");
    assert_true(incomplete && uncovered && modules);
    assert_true(incomplete - text < 80 && incomplete < uncovered && uncovered < modules);
    free(text);
    end(&f);
}

static void evil_names(struct fixture *f)
{
    begin(f);
    trace_process(&f->trace);
    trace_span(&f->trace, &(struct trace_span){1, 0, "\033]0;owned\a\nfake line", 1, 2, 0.5});
    TRACE_ADD(&f->trace, function, .id = 1, .name = trace_string(&f->trace, "\xff\xfe\033[2J"),
              .module = trace_string(&f->trace, "m\r"));
    TRACE_ADD(&f->trace, crossing, .function = 1, .down_n = 1);
    trace_end(&f->trace, 0);
    ready(f);
}

static void names_are_only_data(void **state)
{
    struct fixture f;
    (void)state;
    evil_names(&f);
    char *text = text_of(&f, 100, 1, 0);
    for (const char *at = text; *at; at++)
        assert_true((unsigned char)*at >= 0x20 || *at == '\n');
    assert_null(strstr(text, "\nfake line"));
    contains(text, "\\x1b]0;owned\\x07\\nfake line");
    contains(text, "\\xff\\xfe");
    free(text);
    end(&f);
}

static void colour_only_where_asked(void **state)
{
    struct fixture f;
    (void)state;
    demo(&f);
    char *with = text_of(&f, 100, 1, 1), *without = text_of(&f, 100, 1, 0);
    assert_non_null(strchr(with, '\033'));
    assert_null(strchr(without, '\033'));
    free(with);
    free(without);
    end(&f);
}

static void top_says_what_it_left_out(void **state)
{
    struct fixture f;
    (void)state;
    demo(&f);
    f.options.top = 2;
    char *text = text_of(&f, 100, 1, 0);
    contains(text, "... and 3 more with");
    contains(text, "... and 2 more functions (--top all shows them)");
    assert_null(strstr(text, "lpeg.so+0x123"));
    free(text);
    end(&f);
}

static void sections_and_filter_choose(void **state)
{
    struct fixture f;
    (void)state;
    demo(&f);
    f.options.sections = SECTION_CROSSINGS;
    f.options.filter = "string.*";
    char *text = text_of(&f, 100, 1, 0);
    contains(text, "string.format");
    contains(text, "NOT covered"); /* whatever is asked for */
    assert_null(strstr(text, "FILE*:read"));
    assert_null(strstr(text, "Modules"));
    free(text);
    end(&f);
}

static json_t *json_of(struct fixture *f)
{
    char *text = NULL;
    size_t n;
    struct digest *d = &f->digest;
    json_error_t error;
    FILE *out = open_memstream(&text, &n);
    json_report(&d, 1, &f->options, out);
    fclose(out);
    json_t *v = json_loadb(text, n, 0, &error);
    if (!v)
        fail_msg("%s at line %d", error.text, error.line);
    free(text);
    return v;
}

static json_t *in(json_t *v, const char *key)
{
    json_t *member = json_object_get(v, key);
    if (!member)
        fail_msg("no member %s", key);
    return member;
}

static void json_has_schema_and_exact_figures(void **state)
{
    struct fixture f;
    (void)state;
    demo(&f);
    json_t *v = json_of(&f), *p = json_array_get(in(v, "processes"), 0);
    assert_string_equal(json_string_value(in(v, "schema")), "modprof-report");
    assert_int_equal(json_integer_value(in(v, "version")), JSON_REPORT_VERSION);
    assert_true(json_is_true(in(p, "complete")));
    assert_int_equal(json_array_size(in(p, "modules")), 5);
    json_t *failed = json_array_get(in(p, "modules"), 4);
    assert_string_equal(json_string_value(in(failed, "load")), "not found");
    assert_int_equal(json_array_size(in(failed, "tried")), 3);
    json_t *format = json_array_get(in(in(p, "crossings"), "functions"), 0);
    assert_string_equal(json_string_value(in(format, "label")), "string.format");
    assert_int_equal(json_integer_value(in(in(format, "lua_to_c"), "calls")), 123456);
    json_t *st = json_array_get(in(in(in(p, "allocations"), "lua"), "states"), 0);
    assert_int_equal(json_integer_value(in(st, "live_bytes")), 400000);
    assert_string_equal(json_string_value(json_array_get(in(p, "arguments"), 2)), "require 'app'");
    json_decref(v);
    end(&f);
}

static void json_is_utf8_whatever_the_names(void **state)
{
    struct fixture f;
    (void)state;
    evil_names(&f);
    json_t *v = json_of(&f), *p = json_array_get(in(v, "processes"), 0);
    json_t *m = json_array_get(in(p, "modules"), 0);
    assert_string_equal(json_string_value(in(m, "name")), "\033]0;owned\a\nfake line");
    json_decref(v);
    end(&f);
}

static void cut_text_has_the_width_asked_for(void **state)
{
    (void)state;
    for (size_t w = 1; w < 12; w++) {
        char *head = cells_cut("ab\xe6\xbc\xa2\xe5\xad\x97"
                               "cdefgh",
                               w, 0);
        char *tail = cells_cut("ab\xe6\xbc\xa2\xe5\xad\x97"
                               "cdefgh",
                               w, 1);
        assert_in_range(cells_width(head), 0, w);
        assert_in_range(cells_width(tail), 0, w);
        free(head);
        free(tail);
    }
    char *same = cells_cut("short", 5, 1);
    assert_string_equal(same, "short");
    free(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_fits_the_width_it_is_given),
        cmocka_unit_test(nothing_is_cut_where_the_output_is_no_terminal),
        cmocka_unit_test(trust_comes_before_figures),
        cmocka_unit_test(names_are_only_data),
        cmocka_unit_test(colour_only_where_asked),
        cmocka_unit_test(top_says_what_it_left_out),
        cmocka_unit_test(sections_and_filter_choose),
        cmocka_unit_test(json_has_schema_and_exact_figures),
        cmocka_unit_test(json_is_utf8_whatever_the_names),
        cmocka_unit_test(cut_text_has_the_width_asked_for),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
