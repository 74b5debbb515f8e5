/* bench_wanted: see bench_wanted.h. */
#include "collector/bench/bench_wanted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/nearest.h"
#include "collector/util/xalloc.h"
#include "wire/enums.h"

static const struct outside {
    const char *name, *unit;
    enum bench_source source;
} outside[] = {
    {"wall", "ns", SOURCE_WALL},     {"cpu", "ns", SOURCE_CPU},    {"user", "ns", SOURCE_USER},
    {"system", "ns", SOURCE_SYSTEM}, {"rss", "bytes", SOURCE_RSS},
};
enum { OUTSIDE_N = sizeof outside / sizeof *outside };

static struct bench_metric *outside_add(struct bench *b, const struct outside *o, int judged)
{
    struct bench_metric *m = bench_metric_add(b, o->name, o->source);
    strcpy(m->unit, o->unit);
    m->judged = judged;
    return m;
}

void bench_wanted_usual(struct bench *b)
{
    outside_add(b, &outside[0], 1);
    outside_add(b, &outside[1], 0);
    outside_add(b, &outside[4], 0);
    b->plan.all_ops = 1;
}

void bench_wanted_op(struct bench_metric *m, const char *unit)
{
    const char *end = strrchr(m->name, '.');
    m->more_is_better = end && !strcmp(end, ".rate");
    strcpy(m->unit, m->more_is_better ? "/s" : "ns");
    if (!strncmp(m->name, "value.", 6))
        strncpy(m->unit, unit, sizeof m->unit - 1);
}

static int op_add(struct bench *b, const char *name, struct err *err)
{
    static const char *const ends[] = {".p50", ".p95", ".p99", ".rate"};
    const char *end = strrchr(name, '.');
    int known = !strncmp(name, "value.", 6);
    for (int i = 0; i < 4; i++)
        known |= !strcmp(end, ends[i]) && end > name + 3;
    if (!known)
        return err_set(err, "%s: an operation's metric ends in .p50, .p95, .p99 or .rate", name);
    struct bench_metric *m = bench_metric_add(b, name, SOURCE_OPS);
    bench_wanted_op(m, "count");
    m->judged = 1;
    return 0;
}

/* ---- metrics of the profiler ---- */

static int enum_number(const char *const *name, size_t n, const char *given)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(name[i], given))
            return (int)i;
    return -1;
}

static int kind_number(const char *given)
{
    const char *names[ALLOC_KIND_N];
    for (unsigned i = 0; i < ALLOC_KIND_N; i++)
        names[i] = alloc_kind_name(i);
    return enum_number(names, ALLOC_KIND_N, given);
}

static int phase_number(const char *given)
{
    const char *names[PHASE_N];
    for (unsigned i = 0; i < PHASE_N; i++)
        names[i] = phase_name(i);
    return enum_number(names, PHASE_N, given);
}

static void name_add(struct pool *pool, struct name_set *set, const char *name)
{
    set->at = xgrow(set->at, set->n, &set->cap, sizeof *set->at);
    set->at[set->n++] = pool_format(pool, "%s", name);
}

/* The first kind of place that the metric knows takes PLACE. */
static int place_set(struct pool *pool, struct rule *r, const char *place, struct err *err)
{
    unsigned places = r->metric->places;
    if (places & PLACE_KIND)
        return (r->kind = kind_number(place)) < 0
                   ? err_set(err, "there is no kind `%s` of %s", place, r->metric->name)
                   : 0;
    if (places & PLACE_PHASE)
        return (r->phase = phase_number(place)) < 0
                   ? err_set(err, "there is no phase `%s` of %s", place, r->metric->name)
                   : 0;
    if (places & PLACE_FUNC)
        name_add(pool, &r->func, place);
    else if (places & PLACE_MODULE)
        name_add(pool, &r->module, place);
    else if (places & PLACE_CHUNK)
        name_add(pool, &r->chunk, place);
    else if (places & PLACE_LIBRARY)
        name_add(pool, &r->library, place);
    else
        return err_set(err, "%s is of the whole process: it has no place `%s`", r->metric->name,
                       place);
    return 0;
}

static int unknown(const char *name, const char *nearest, struct err *err)
{
    const char *words[OUTSIDE_N];
    for (size_t i = 0; i < OUTSIDE_N; i++)
        words[i] = outside[i].name;
    if (!nearest)
        nearest = nearest_word(name, words, OUTSIDE_N);
    if (nearest)
        return err_set(err, "there is no metric `%s`; did you mean `%s`?", name, nearest);
    return err_set(err, "there is no metric `%s`; `modprof bench --metrics` lists them", name);
}

int bench_wanted_rule(struct rule *r, const char *name, struct pool *pool, struct err *err)
{
    const char *colon = strchr(name, ':'), *nearest = NULL;
    char *word = colon ? xstrndup(name, (size_t)(colon - name)) : xstrdup(name);
    *r = (struct rule){.metric = metric_find(word, &nearest), .phase = -1, .kind = -1};
    int bad = r->metric ? colon && place_set(pool, r, colon + 1, err) : unknown(word, nearest, err);
    free(word);
    return bad ? -1 : 0;
}

static int trace_add(struct bench *b, const char *name, struct err *err)
{
    struct rule r;
    if (bench_wanted_rule(&r, name, &b->pool, err))
        return -1;
    struct bench_metric *m = bench_metric_add(b, name, SOURCE_TRACE);
    m->rule = r;
    m->judged = 1;
    m->counted = r.metric->timing == TIMING_EXACT;
    m->more_is_better = r.metric->direction == DIRECTION_MORE;
    snprintf(m->unit, sizeof m->unit, "%s", quantity_unit(r.metric->quantity));
    return 0;
}

int bench_wanted_add(struct bench *b, const char *name, struct err *err)
{
    if (bench_metric_named(b, name))
        return err_set(err, "the metric %s is named twice", name);
    for (size_t i = 0; i < OUTSIDE_N; i++)
        if (!strcmp(name, outside[i].name))
            return outside_add(b, &outside[i], 1), 0;
    if (!strncmp(name, "op.", 3) || !strncmp(name, "value.", 6))
        return op_add(b, name, err);
    return trace_add(b, name, err);
}
