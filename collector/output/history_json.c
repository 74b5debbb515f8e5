/* history_json: `modprof history --format json`; docs/history.schema.json says what it holds. */
#include <math.h>
#include <string.h>

#include "collector/output/history_output.h"
#include "collector/output/json_value.h"

static void text_put(json_t *o, const char *key, const char *text)
{
    json_put(o, key, json_bytes(text, strlen(text)));
}

static json_t *point_json(const struct store_point *p)
{
    json_t *o = json_object();
    json_put_s64(o, "at_ns", p->at_ns);
    json_put(o, "commit", *p->commit ? json_bytes(p->commit, strlen(p->commit)) : json_null());
    json_put_bool(o, "dirty", p->dirty);
    json_put_u64(o, "runs", p->n);
    json_put_real(o, "median", p->median);
    json_put_real(o, "low", p->low);
    json_put_real(o, "high", p->high);
    json_put_real(o, "mean", p->mean);
    json_put_real(o, "min", p->min);
    json_put_real(o, "max", p->max);
    return o;
}

static json_t *change_json(const struct timeline *t, const struct change_point *c, size_t from)
{
    json_t *o = json_object();
    double relative = timeline_relative(c);
    /* Points that are not shown have no number. */
    json_put(o, "point", c->at >= from ? json_integer((json_int_t)(c->at - from)) : json_null());
    json_put_s64(o, "at_ns", t->points.at[c->at].at_ns);
    const char *commit = t->points.at[c->at].commit;
    json_put(o, "commit", *commit ? json_bytes(commit, strlen(commit)) : json_null());
    json_put_real(o, "before", c->before);
    json_put_real(o, "after", c->after);
    json_put(o, "relative", isfinite(relative) ? json_real(relative) : json_null());
    json_put_bool(o, "worse", timeline_worse(t, c));
    json_put_real(o, "p", c->p);
    return o;
}

static json_t *series_json(const struct timeline *t, size_t shown)
{
    const struct store_series *s = &t->series;
    size_t from = t->points.n > shown ? t->points.n - shown : 0;
    json_t *o = json_object(), *points = json_array(), *changes = json_array();
    text_put(o, "metric", s->metric);
    text_put(o, "place", s->place);
    text_put(o, "param", s->param);
    text_put(o, "unit", s->unit);
    text_put(o, "command", s->command);
    text_put(o, "machine", s->machine);
    json_put_bool(o, "more_is_better", s->more_is_better);
    json_put_bool(o, "counted", s->counted);
    json_put_s64(o, "runs", s->runs);
    for (size_t i = from; i < t->points.n; i++)
        json_array_append_new(points, point_json(&t->points.at[i]));
    for (size_t i = 0; i < t->change_n; i++)
        json_array_append_new(changes, change_json(t, &t->change[i], from));
    json_put(o, "points", points);
    json_put(o, "changes", changes);
    return o;
}

static json_t *baseline_json(const struct store_baseline *b)
{
    json_t *o = json_object();
    text_put(o, "name", b->name);
    json_put_s64(o, "at_ns", b->run.at_ns);
    json_put(o, "commit",
             *b->run.commit ? json_bytes(b->run.commit, strlen(b->run.commit)) : json_null());
    json_put_bool(o, "dirty", b->run.dirty);
    text_put(o, "command", b->run.command);
    text_put(o, "machine", b->run.machine);
    return o;
}

void history_json(const struct history_report *r, FILE *out)
{
    json_t *o = json_object(), *series = json_array();
    json_put_u64(o, "schema", HISTORY_SCHEMA_VERSION);
    text_put(o, "machine", r->machine);
    json_put_u64(o, "left_out", r->more);
    json_put_u64(o, "elsewhere", r->elsewhere);
    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(series, series_json(&r->at[i], r->shown ? r->shown : 1));
    json_put(o, "series", series);
    if (r->baselines) {
        json_t *list = json_array();
        for (size_t i = 0; i < r->baselines->n; i++)
            json_array_append_new(list, baseline_json(&r->baselines->at[i]));
        json_put(o, "baselines", list);
    }
    json_dumpf(o, out, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    fputc('\n', out);
    json_decref(o);
}
