/* check_json: the verdicts for programs; docs/check.schema.json describes them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/check_output.h"
#include "collector/output/json_value.h"
#include "collector/util/xalloc.h"

static json_t *bound(const struct bound *b)
{
    json_t *v = json_object();
    if (!b->given)
        return json_decref(v), json_null();
    json_put_real(v, "value", b->value);
    json_put_text(v, "text", b->text);
    return v;
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_bytes(text, strlen(text)) : json_null();
}

static void put_rule(json_t *v, const struct rule *r)
{
    json_put_text(v, "rule", r->name);
    json_put_text(v, "metric", r->metric->name);
    json_put_text(v, "unit", rule_unit(r));
    json_put_bool(v, "deterministic", !rule_timed(r));
    json_put(v, "at", r->at == AT_EXTREME ? json_null() : json_string(rule_at_name(r->at)));
    json_put_text(v, "level", rule_level_name(r->level));
    json_put_u64(v, "line", r->line);
    json_put(v, "limit", bound(&r->limit));
    json_put(v, "warn", bound(&r->warn));
    json_put(v, "at_least", bound(&r->at_least));
    json_put(v, "regression", bound(&r->regression));
    json_put(v, "message", text_or_null(r->message));
}

static json_t *finite_or_null(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *comparison(const struct relative *x)
{
    static const char *const state[] = {"none", "within", "beyond", "unstable", "missing baseline"};
    if (x->state == RELATIVE_NONE)
        return json_null();
    json_t *v = json_object();
    int known = x->state != RELATIVE_MISSING;
    json_put_text(v, "state", state[x->state]);
    json_put_u64(v, "runs", x->n);
    json_put_u64(v, "baseline_runs", x->base_n);
    json_put(v, "baseline", known ? json_real(x->base) : json_null());
    json_put(v, "change", known ? finite_or_null(x->change) : json_null());
    json_put(v, "change_low", x->tested ? finite_or_null(x->low) : json_null());
    json_put(v, "change_high", x->tested ? finite_or_null(x->high) : json_null());
    json_put(v, "p", x->tested ? json_real(x->p) : json_null());
    json_put(v, "more_runs", x->more ? json_integer((json_int_t)x->more) : json_null());
    return v;
}

/* What `--baseline` reads again. */
static json_t *runs(const struct finding *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->runs_n; i++) {
        json_t *v = json_object(), *values = json_array();
        if (!f->runs[i].n || f->runs[i].doubt) {
            json_decref(v);
            json_decref(values);
            continue;
        }
        for (size_t k = 0; k < f->runs[i].n; k++)
            json_array_append_new(values, json_real(f->runs[i].value[k]));
        json_put_text(v, "command", f->runs[i].group->command);
        json_put_bool(v, "forked", f->runs[i].group->forked);
        json_put(v, "values", values);
        json_array_append_new(list, v);
    }
    return list;
}

static json_t *finding(const struct finding *f, struct pool *pool)
{
    json_t *v = json_object();
    put_rule(v, f->rule);
    json_put_text(v, "key", rule_key(pool, f->rule));
    json_put_text(v, "verdict", verdict_name(f->verdict));
    json_put(v, "pid", f->digest ? json_integer(f->digest->process->pid) : json_null());
    int seen = f->digest && f->m.n;
    json_put_u64(v, "medians_of", f->run_n);
    json_put(v, "measured", seen ? json_real(f->value) : json_null());
    json_put_bool(v, "lower_bound", seen && f->m.lower_bound);
    json_put(v, "excess", f->bound ? json_real(f->excess) : json_null());
    json_put(v, "place", text_or_null(f->place));
    json_put(v, "place_value", f->place && *f->place ? json_real(f->place_value) : json_null());
    json_put(v, "reason", text_or_null(check_reason(f)));
    json_put(v, "comparison", comparison(&f->relative));
    json_put(v, "runs", runs(f));
    char *sentence = check_sentence(f);
    json_put_text(v, "sentence", sentence);
    free(sentence);
    return v;
}

static json_t *processes(const struct check_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->digest_n; i++) {
        json_t *v = json_object();
        json_put_u64(v, "pid", r->digest[i]->process->pid);
        json_put(v, "trace", text_or_null(r->trace ? r->trace[i] : r->digest[i]->model->path));
        json_put_text(v, "command", digest_command(r->digest[i]));
        json_put_bool(v, "complete", !r->digest[i]->incomplete.n);
        json_array_append_new(list, v);
    }
    return list;
}

void check_json(const struct check_report *r, FILE *out)
{
    json_t *v = json_object(), *list = json_array(), *counts = json_object();
    struct pool pool = {0};
    json_put_text(v, "schema", "modprof-check");
    json_put_u64(v, "version", JSON_CHECK_VERSION);
    json_put_text(v, "verdict", check_word(r));
    json_put_u64(v, "exit_status", (uint64_t)r->status);
    json_put_text(v, "config", r->budget->path);
    json_put(v, "baseline", text_or_null(r->baseline ? r->baseline->name : NULL));
    for (int i = 0; i < VERDICT_N; i++)
        json_put_u64(counts, verdict_name((enum verdict)i), r->findings->count[i]);
    json_put(v, "counts", counts);
    json_put(v, "processes", processes(r));
    for (size_t i = 0; i < r->findings->n; i++)
        json_array_append_new(list, finding(&r->findings->at[i], &pool));
    json_put(v, "rules", list);
    json_dumpf(v, out, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    fputc('\n', out);
    json_decref(v);
    pool_release(&pool);
}
