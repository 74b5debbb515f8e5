/* baseline: see baseline.h. */
#include "collector/budget/baseline.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "collector/budget/measure.h"
#include "collector/util/command_text.h"
#include "collector/util/xalloc.h"

enum { JSON_VERSION = 2 };

void baseline_add(struct baseline *b, const struct baseline_row *row)
{
    b->row = xgrow(b->row, b->row_n, &b->row_cap, sizeof *b->row);
    double *copy = xmalloc(row->n * sizeof *copy);
    memcpy(copy, row->value, row->n * sizeof *copy);
    b->row[b->row_n++] = (struct baseline_row){
        pool_copy(&b->pool, row->key, strlen(row->key)),
        pool_copy(&b->pool, row->command, strlen(row->command)), row->forked, copy, row->n};
}

void baseline_release(struct baseline *b)
{
    run_groups_release(&b->groups);
    for (size_t i = 0; i < b->row_n; i++)
        free(b->row[i].value);
    free(b->row);
    free(b->missing);
    free(b->about);
    pool_release(&b->pool);
    memset(b, 0, sizeof *b);
}

/* ---- from JSON ---- */

static void runs_take(struct baseline *b, const char *key, const json_t *runs)
{
    size_t i, k;
    json_t *run, *value;
    json_array_foreach(runs, i, run)
    {
        const char *command = json_string_value(json_object_get(run, "command"));
        const json_t *values = json_object_get(run, "values");
        size_t n = 0;
        double *at = xmalloc((json_array_size(values) + 1) * sizeof *at);
        json_array_foreach(values, k, value) if (json_is_number(value)) at[n++] =
            json_number_value(value);
        if (command && n)
            baseline_add(b, &(struct baseline_row){
                                key, command, json_is_true(json_object_get(run, "forked")), at, n});
        free(at);
    }
}

int baseline_json_read(struct baseline *b, const char *name, const char *text, size_t n,
                       struct err *err)
{
    json_error_t wrong;
    size_t i;
    json_t *rule, *v = json_loadb(text, n, 0, &wrong);
    const char *schema = json_string_value(json_object_get(v, "schema"));
    b->name = name;
    if (!schema || strcmp(schema, "modprof-check") != 0) {
        json_decref(v);
        return err_set(err,
                       "%s is neither a trace nor what `modprof check --format json` writes%s%s",
                       name, v ? "" : ": ", v ? "" : wrong.text);
    }
    json_int_t version = json_integer_value(json_object_get(v, "version"));
    json_array_foreach(json_object_get(v, "rules"), i, rule)
    {
        const char *key = json_string_value(json_object_get(rule, "key"));
        if (key)
            runs_take(b, key, json_object_get(rule, "runs"));
    }
    json_decref(v);
    if (version != JSON_VERSION)
        return err_set(
            err, "%s has version %lld of the format; this modprof reads version %d: make it again",
            name, (long long)version, JSON_VERSION);
    return 0;
}

/* ---- what a rule finds ---- */

static size_t none(struct pool *pool, const char **why, const struct baseline *b, const char *what)
{
    *why = pool_format(pool, "the baseline %s %s", b->name, what);
    return 0;
}

static size_t of_traces(const struct baseline *b, const struct rule *r, const struct run_group *g,
                        double **value, struct pool *pool, const char **why)
{
    const struct run_group *like = run_group_like(&b->groups, g);
    size_t n = 0;
    if (!like)
        return none(pool, why, b, "has no run of this command");
    *value = xmalloc(like->n * sizeof **value);
    for (size_t i = 0; i < like->n; i++) {
        struct measured m;
        measure(r, like->d[i], &m);
        if (m.n && m.doubt) {
            free(*value);
            return none(pool, why, b, pool_format(pool, "is incomplete: %s", m.doubt));
        }
        if (m.n)
            (*value)[n++] = m.value;
    }
    if (n)
        return n;
    free(*value);
    return none(pool, why, b, "has nothing of this");
}

/* The same command; else the only one that is alike: the same program from another folder. */
static const struct baseline_row *row_find(const struct baseline *b, const char *key,
                                           const struct run_group *g)
{
    const struct baseline_row *alike = NULL;
    size_t n = 0;
    for (size_t i = 0; i < b->row_n; i++) {
        const struct baseline_row *row = &b->row[i];
        if (strcmp(row->key, key) != 0 || row->forked != g->forked)
            continue;
        if (command_same(row->command, g->command))
            return row;
        if (command_alike(row->command, g->command)) {
            alike = row;
            n++;
        }
    }
    return n == 1 ? alike : NULL;
}

static int has_command(const struct baseline *b, const struct run_group *g)
{
    for (size_t i = 0; i < b->row_n; i++)
        if (b->row[i].forked == g->forked && command_alike(b->row[i].command, g->command))
            return 1;
    return 0;
}

size_t baseline_values(const struct baseline *b, const struct rule *r, const struct run_group *g,
                       double **value, struct pool *pool, const char **why)
{
    *why = b->missing;
    if (b->missing)
        return 0;
    if (b->groups.n)
        return of_traces(b, r, g, value, pool, why);
    const struct baseline_row *row = row_find(b, rule_key(pool, r), g);
    if (!row)
        return none(pool, why, b,
                    has_command(b, g) ? "has nothing of this" : "has no run of this command");
    *value = xmalloc(row->n * sizeof **value);
    memcpy(*value, row->value, row->n * sizeof **value);
    return row->n;
}
