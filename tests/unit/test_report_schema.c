/* test_report_schema: the report for programs is what docs/report.schema.json says, no more and no less. */
/* SOURCES: tests/unit/trace_builder.c */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/digest.h"
#include "collector/ingest/ingest.h"
#include "collector/output/json_report.h"
#include "tests/unit/trace_builder.h"

static int is_type(const json_t *v, const char *type)
{
    static const char *const name[] = {
        [JSON_OBJECT] = "object",   [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "integer", [JSON_REAL] = "number", [JSON_TRUE] = "boolean",
        [JSON_FALSE] = "boolean",   [JSON_NULL] = "null"};
    if (json_is_integer(v) && !strcmp(type, "number"))
        return 1;
    return !strcmp(name[json_typeof(v)], type);
}

static void check_type(const json_t *v, const json_t *type, const char *where)
{
    size_t i;
    json_t *one;
    int ok = json_is_string(type) && is_type(v, json_string_value(type));
    if (json_is_array(type))
        json_array_foreach(type, i, one) ok |= is_type(v, json_string_value(one));
    if (!ok)
        fail_msg("%s has the wrong type", where);
}

static void check_enum(const json_t *v, const json_t *values, const char *where)
{
    size_t i;
    json_t *one;
    json_array_foreach(values, i, one) if (json_equal(one, v)) return;
    fail_msg("%s has a value that is not in its enum", where);
}

static void check(json_t *v, json_t *schema, const char *where);

static json_t *definitions; /* of the schema */

static json_t *referred(json_t *schema)
{
    static const char at[] = "#/definitions/";
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    if (!ref)
        return schema;
    assert_memory_equal(ref, at, sizeof at - 1);
    json_t *there = json_object_get(definitions, ref + sizeof at - 1);
    assert_non_null(there);
    return there;
}

static void check_members(json_t *v, json_t *schema, const char *where)
{
    const char *key;
    size_t i;
    json_t *member, *name, *properties = json_object_get(schema, "properties");
    json_array_foreach(json_object_get(schema, "required"), i,
                       name) if (!json_object_get(v, json_string_value(name)))
        fail_msg("%s.%s is missing", where, json_string_value(name));
    json_object_foreach(v, key, member)
    {
        char path[300];
        json_t *sub = json_object_get(properties, key);
        snprintf(path, sizeof path, "%s.%s", where, key);
        if (!sub)
            sub = json_object_get(schema, "additionalProperties");
        if (!sub)
            fail_msg("%s is not in the schema", path);
        check(member, sub, path);
    }
}

/* The part of JSON Schema that the file uses. */
static void check(json_t *v, json_t *schema, const char *where)
{
    size_t i;
    json_t *item, *rule;
    schema = referred(schema);
    if ((rule = json_object_get(schema, "type")))
        check_type(v, rule, where);
    if ((rule = json_object_get(schema, "enum")))
        check_enum(v, rule, where);
    if ((rule = json_object_get(schema, "const")) && !json_equal(rule, v))
        fail_msg("%s is not the constant", where);
    if ((rule = json_object_get(schema, "minimum")) && json_is_integer(v))
        assert_true(json_integer_value(v) >= json_integer_value(rule));
    if (json_is_object(v))
        check_members(v, schema, where);
    if (json_is_array(v))
        json_array_foreach(v, i, item) check(item, json_object_get(schema, "items"), where);
}

static json_t *report_of(const struct trace *t, unsigned sections)
{
    struct model m;
    struct err err;
    struct symbols *symbols = symbols_new();
    struct digest d, *one = &d;
    struct report_options o = {
        .sections = sections, .top = SIZE_MAX, .growth_from = "begin", .growth_to = "end"};
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    assert_int_equal(ingest_bytes("t.mprof", t->bytes, t->n, &m, &err), 0);
    digest_build(&d, &m, m.process[0], symbols);
    json_report(&one, 1, &o, out);
    fclose(out);
    json_t *v = json_loadb(text, n, 0, NULL);
    digest_release(&d);
    model_release(&m);
    symbols_free(symbols);
    free(text);
    return v;
}

static void sampled(struct trace *t)
{
    trace_process(t);
    TRACE_ADD(t, sampler, .clock = 1, .asked_hz = 999, .period_ns = 1001001, .mechanism = 1);
    TRACE_ADD(t, proto, .id = 1, .source = trace_string(t, "=x"), .line_defined = 3);
    TRACE_ADD(t, node, .id = 1, .kind = 2, .value = 1, .line = 4);
    TRACE_ADD(t, sample, .at_ns = trace_ms(t, 3), .tid = 7, .state = 1, .lua = 1, .periods = 1);
    trace_end(t, 0);
    trace_frame(t);
}

static void samples_match_the_schema(void **state)
{
    (void)state;
    json_t *schema = json_load_file("docs/report.schema.json", 0, NULL);
    definitions = json_object_get(schema, "definitions");
    struct trace t;
    trace_init(&t, 7);
    sampled(&t);
    json_t *v = report_of(&t, SECTION_ALL);
    json_t *cpu = json_object_get(json_array_get(json_object_get(v, "processes"), 0), "cpu");
    check(v, schema, "sampled");
    assert_int_equal(json_array_size(json_object_get(cpu, "functions")), 1);
    assert_int_equal(json_array_size(json_object_get(cpu, "lines")), 1);
    json_decref(v);
    json_decref(schema);
    trace_free(&t);
}

static void memory_matches_the_schema(void **state)
{
    (void)state;
    json_t *schema = json_load_file("docs/report.schema.json", 0, NULL);
    struct trace t;
    definitions = json_object_get(schema, "definitions");
    trace_init(&t, 7);
    trace_memory(&t);
    json_t *v = report_of(&t, SECTION_ALL | SECTION_LEAKS | SECTION_GROWTH);
    json_t *process = json_array_get(json_object_get(v, "processes"), 0);
    check(v, schema, "memory");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(process, "leaks"), "accused")), 1);
    assert_true(json_is_true(json_object_get(json_object_get(process, "growth"), "known")));
    json_decref(v);
    json_decref(schema);
    trace_free(&t);
}

static void reports_match_the_schema(void **state)
{
    (void)state;
    json_t *schema = json_load_file("docs/report.schema.json", 0, NULL); /* run at the top */
    struct trace t;
    assert_non_null(schema);
    definitions = json_object_get(schema, "definitions");
    trace_init(&t, 7);
    trace_demo(&t);
    json_t *whole = report_of(&t, SECTION_ALL), *part = report_of(&t, SECTION_CROSSINGS);
    t.n -= 10;
    json_t *cut = report_of(&t, SECTION_ALL);
    check(whole, schema, "whole");
    check(part, schema, "part");
    check(cut, schema, "cut");
    json_decref(whole);
    json_decref(part);
    json_decref(cut);
    json_decref(schema);
    trace_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_match_the_schema),
        cmocka_unit_test(samples_match_the_schema),
        cmocka_unit_test(memory_matches_the_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
