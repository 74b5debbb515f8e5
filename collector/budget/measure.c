/* measure: see measure.h. */
#include "collector/budget/measure.h"

#include <stdlib.h>
#include <string.h>

#include "collector/stat/describe.h"
#include "collector/util/xalloc.h"
#include "wire/enums.h"

void measure_item(struct measure_sink *s, double value, const char *place)
{
    measure_estimate(s, value, 0, place);
}

void measure_estimate(struct measure_sink *s, double value, double error, const char *place)
{
    struct measured *m = s->m;
    s->sum += value;
    if (s->rule->at != AT_EXTREME) {
        s->value = xgrow(s->value, m->n, &s->value_cap, sizeof *s->value);
        s->value[m->n] = value;
    }
    if (s->take)
        s->take(s->ctx, value, error, place);
    if (!m->n || value > m->place_value) {
        m->place = place;
        m->place_value = value;
    }
    if (!m->n || value < m->smallest) {
        m->smallest = value;
        m->smallest_place = place;
    }
    m->n++;
}

/* Why figures of Lua may be too low. */
static const char *lua_doubt(struct process *p)
{
    size_t covered = 0;
    for (size_t i = 0; i < p->copies.n; i++) {
        const struct rec_copy *c = rowset_at(&p->copies, i);
        if (c->status == COPY_PARTLY)
            return pool_format(&p->pool, "Lua in %s is covered only in part",
                               process_object_path(p, c->object));
        covered += c->status != COPY_NOT;
    }
    return covered ? NULL : "no Lua of this process is covered";
}

static const char *loss_doubt(const struct metric *metric, struct process *p)
{
    for (unsigned i = 0; i < LOSS_N; i++)
        if (p->losses[i] && metric->spoilt >> i & 1)
            return pool_format(&p->pool, "losses: %s", loss_name(i));
    return NULL;
}

static const char *doubt(const struct metric *metric, struct digest *d)
{
    struct process *p = d->process;
    const char *why = NULL;
    if (metric->needs & NEED_LUA)
        why = lua_doubt(p);
    if (!why && metric->needs & NEED_C && !trust_c_memory(p))
        why = "C allocation could not be seen";
    if (!why && d->incomplete.n)
        why = pool_format(&p->pool, "%s", d->incomplete.at[0]);
    return why ? why : loss_doubt(metric, p);
}

/* Where most of a figure of the whole process comes from. */
static void contributor_find(struct measured *m, const struct rule *r, struct digest *d)
{
    struct measured other = {0};
    struct rule any = {.metric = metric_at(r->metric->contributor), .phase = -1, .kind = -1};
    struct measure_sink sink = {.rule = &any, .digest = d, .m = &other};
    m->place = "";
    m->place_value = 0;
    if (r->metric->contributor == METRIC_NONE)
        return;
    measure_items_of[r->metric->contributor](&sink);
    if (other.n && other.place_value > 0) {
        m->place = other.place;
        m->place_value = other.place_value;
    }
}

/* The part of all values that a quantile leaves beyond it, from which follows how many it takes. */
static double quantile_of(enum rule_at at)
{
    static const double q[AT_N] = {
        [AT_MEDIAN] = 0.5, [AT_P90] = 0.9, [AT_P95] = 0.95, [AT_P99] = 0.99, [AT_MAX] = 1};
    return q[at];
}

/* One figure of many values. */
static void at_make(struct measured *m, const struct rule *r, struct measure_sink *s,
                    struct pool *pool)
{
    double q = quantile_of(r->at);
    double *sorted = sorted_copy(s->value, m->n);
    m->value = r->at == AT_MEAN ? s->sum / (double)m->n : quantile_sorted(sorted, m->n, q);
    m->smallest = m->value;
    m->smallest_place = m->place;
    free(sorted);
    size_t needed = q > 0.5 && q < 1 ? (size_t)(1 / (1 - q) + 0.5) : 1;
    if (m->n >= needed || m->doubt)
        return;
    m->few = 1;
    m->doubt =
        pool_format(pool, "%s of %zu values: it takes %zu", rule_at_name(r->at), m->n, needed);
}

static void rate_make(struct measured *m, const struct digest *d)
{
    const struct process *p = d->process;
    uint64_t ns = m->rate_ns ? m->rate_ns : process_since_start(p, process_end_ns(p));
    double seconds = (double)ns / 1e9;
    if (!ns) {
        m->n = 0;
        return;
    }
    m->value /= seconds;
    m->smallest = m->value;
    m->place_value /= seconds;
}

void measure(const struct rule *r, struct digest *d, struct measured *m)
{
    struct measure_sink sink = {.rule = r, .digest = d, .m = m};
    memset(m, 0, sizeof *m);
    m->place = m->smallest_place = "";
    measure_items_of[metric_number(r->metric)](&sink);
    if (!m->doubt)
        m->doubt = doubt(r->metric, d);
    if (m->n && r->at != AT_EXTREME) {
        at_make(m, r, &sink, &d->process->pool);
    } else if (m->n && r->each) {
        m->value = m->place_value;
    } else if (m->n) {
        m->value = m->smallest = sink.sum;
        m->smallest_place = "";
        if (m->place_value <= 0)
            m->place = "";
        if (r->metric->way == WAY_WHOLE)
            contributor_find(m, r, d);
        if (r->rate)
            rate_make(m, d);
    }
    free(sink.value);
}

const char *measure_each(const struct metric *m, struct digest *d, measure_take *take, void *ctx,
                         double *unseen)
{
    struct measured all = {0};
    struct rule any = {.metric = m, .phase = -1, .kind = -1, .each = m->way == WAY_EACH};
    struct measure_sink sink = {.rule = &any, .digest = d, .m = &all, .take = take, .ctx = ctx};
    measure_items_of[metric_number(m)](&sink);
    *unseen = all.unseen;
    return doubt(m, d);
}
