/* bench_json: `modprof bench --format json`; docs/bench.schema.json says what it holds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/bench_output.h"
#include "collector/output/json_value.h"

static json_t *interval_json(struct interval in)
{
    json_t *a = json_array();
    json_array_append_new(a, isfinite(in.low) ? json_real(in.low) : json_null());
    json_array_append_new(a, isfinite(in.high) ? json_real(in.high) : json_null());
    return a;
}

static json_t *values_json(const struct bench_samples *s)
{
    json_t *a = json_array();
    for (size_t i = 0; i < s->n; i++)
        json_array_append_new(a, json_real(s->at[i]));
    return a;
}

static json_t *figures_json(const struct bench_figures *f, const struct bench_samples *s)
{
    json_t *o = json_object(), *outliers = json_object(), *drift = json_object();
    const struct describe *d = &f->d;
    json_put_u64(o, "runs", d->n);
    json_put_real(o, "median", d->median);
    json_put(o, "median_interval", interval_json(d->ci));
    json_put_real(o, "mean", d->mean);
    json_put(o, "mean_interval", interval_json(d->mean_ci));
    json_put_real(o, "sd", d->sd);
    json_put_real(o, "min", d->min);
    json_put_real(o, "max", d->max);
    json_put_real(o, "p95", d->p95);
    json_put_real(o, "p99", d->p99);
    json_put_u64(outliers, "low", f->outliers.low);
    json_put_u64(outliers, "high", f->outliers.high);
    json_put_u64(outliers, "severe", f->outliers.severe);
    json_put_u64(outliers, "mad", f->outliers.mad);
    json_put(o, "outliers", outliers);
    json_put_bool(drift, "found", f->drift.found);
    json_put_real(drift, "relative", f->drift.relative);
    json_put_real(drift, "p", f->drift.p);
    json_put(o, "drift", drift);
    json_put(o, "values", values_json(s));
    return o;
}

static json_t *versus_json(const struct bench_row *row)
{
    json_t *o = json_object();
    const struct versus *v = &row->versus;
    json_put_text(o, "verdict", versus_verdict_name(v->verdict));
    json_put_real(o, "ratio", v->ratio);
    json_put(o, "ratio_interval", interval_json(v->ci));
    json_put_real(o, "p", v->p);
    json_put_bool(o, "exact", v->exact);
    json_put_real(o, "superiority", v->larger);
    json_put_u64(o, "more_runs", v->more);
    return o;
}

static json_t *row_json(const struct bench *b, const struct bench_row *row)
{
    const struct bench_metric *m = row->metric;
    json_t *o = json_object();
    json_put_text(o, "metric", m->name);
    json_put_text(o, "unit", m->unit);
    json_put_bool(o, "judged", m->judged);
    json_put_bool(o, "counted", m->counted);
    json_put_bool(o, "more_is_better", m->more_is_better);
    json_put(o, "doubt", m->doubt ? json_bytes(m->doubt, strlen(m->doubt)) : json_null());
    const char *param = b->value[row->value].text;
    json_put(o, "param", param ? json_bytes(param, strlen(param)) : json_null());
    for (int s = 0; s < SIDE_N; s++)
        json_put(o, bench_side_name((enum bench_side)s),
                 row->side[s].d.n ? figures_json(&row->side[s], &m->sample[s][row->value])
                                  : json_null());
    json_put(o, "comparison", row->compared ? versus_json(row) : json_null());
    json_put_real(o, "detectable", row->detectable);
    json_put_u64(o, "recommended_runs", row->recommended);
    return o;
}

static json_t *growth_json(const struct bench_growth *g)
{
    json_t *o = json_object();
    const struct order_fit *f = &g->fit;
    json_put_text(o, "metric", g->metric->name);
    json_put_text(o, "side", bench_side_name(g->side));
    json_put_text(o, "order", order_name(f->order));
    json_put_real(o, "confidence", f->confidence);
    json_put(o, "second",
             f->second == ORDER_NONE ? json_null() : json_string(order_name(f->second)));
    json_put_real(o, "exponent", f->exponent);
    json_put(o, "exponent_interval", interval_json(f->exponent_ci));
    json_put_real(o, "constant", f->a);
    json_put_real(o, "factor", f->b);
    return o;
}

static json_t *failures_json(const struct bench *b)
{
    json_t *a = json_array();
    char why[128];
    for (size_t i = 0; i < b->failure_n; i++) {
        const struct bench_failure *f = &b->failure[i];
        json_t *o = json_object();
        json_put_text(o, "side", bench_side_name(f->side));
        json_put_u64(o, "round", f->round);
        json_put(o, "param",
                 b->value[f->value].text
                     ? json_bytes(b->value[f->value].text, strlen(b->value[f->value].text))
                     : json_null());
        json_put_bool(o, "prepare", f->prepare);
        json_put_text(o, "outcome", bench_outcome_name(f->outcome));
        json_put_s64(o, "number", f->number);
        json_put_text(o, "sentence", bench_outcome_say(why, sizeof why, f->outcome, f->number));
        json_array_append_new(a, o);
    }
    return a;
}

static void note_add(void *ctx, int warning, const char *sentence)
{
    json_t *o = json_object();
    json_put_bool(o, "warning", warning);
    json_put_text(o, "text", sentence);
    json_array_append_new(ctx, o);
}

static json_t *command_json(const struct bench_command *c)
{
    return c->argc ? json_bytes(c->text, strlen(c->text)) : json_null();
}

static void head_put(json_t *o, const struct bench_report *r)
{
    const struct bench *b = r->judgement->bench;
    json_put_u64(o, "schema", BENCH_SCHEMA_VERSION);
    json_put_text(o, "verdict", bench_verdict_name(r->judgement->verdict));
    json_put_s64(o, "exit_status", r->status);
    json_put(o, "app", command_json(&b->command[SIDE_APP]));
    json_put(o, "reference", command_json(&b->command[SIDE_REFERENCE]));
    json_put(o, "baseline",
             r->baseline ? json_bytes(r->baseline, strlen(r->baseline)) : json_null());
    json_put_text(o, "machine", r->machine);
    json_put(o, "commit", *r->commit ? json_string(r->commit) : json_null());
    json_put_bool(o, "dirty", r->dirty);
    json_put(o, "param", b->param ? json_bytes(b->param, strlen(b->param)) : json_null());
    json_put_u64(o, "warmups", b->plan.warmups);
    json_put_u64(o, "rounds", b->rounds);
    json_put_u64(o, "rounds_under_shim", b->traced_rounds);
    json_put_bool(o, "interrupted", b->interrupted);
    json_put_real(o, "threshold", b->plan.rule.threshold);
    json_put_real(o, "detect", b->plan.rule.detect);
    json_put_real(o, "alpha", b->plan.rule.alpha);
}

void bench_json(const struct bench_report *r, FILE *out)
{
    const struct bench_judgement *j = r->judgement;
    json_t *o = json_object(), *rows = json_array(), *growth = json_array(), *notes = json_array();
    head_put(o, r);
    for (size_t i = 0; i < j->row_n; i++)
        json_array_append_new(rows, row_json(j->bench, &j->row[i]));
    for (size_t i = 0; i < j->growth_n; i++)
        json_array_append_new(growth, growth_json(&j->growth[i]));
    bench_notes(r, note_add, notes);
    json_put(o, "results", rows);
    json_put(o, "growth", growth);
    json_put(o, "failures", failures_json(j->bench));
    json_put(o, "notes", notes);
    json_dumpf(o, out, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    fputc('\n', out);
    json_decref(o);
}
