/* bench_model: see bench_model.h. */
#include "collector/bench/bench_model.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

struct bench_metric *bench_metric_named(const struct bench *b, const char *name)
{
    for (size_t i = 0; i < b->metric_n; i++)
        if (!strcmp(b->metric[i].name, name))
            return &b->metric[i];
    return NULL;
}

struct bench_metric *bench_metric_add(struct bench *b, const char *name, enum bench_source source)
{
    b->metric = xgrow(b->metric, b->metric_n, &b->metric_cap, sizeof *b->metric);
    struct bench_metric *m = &b->metric[b->metric_n++];
    memset(m, 0, sizeof *m);
    m->name = xstrdup(name);
    m->source = source;
    for (int s = 0; s < SIDE_N; s++)
        m->sample[s] = xcalloc(b->value_n, sizeof *m->sample[s]);
    return m;
}

void bench_sample_add(struct bench_metric *m, enum bench_side side, size_t value, double v)
{
    struct bench_samples *s = &m->sample[side][value];
    s->at = xgrow(s->at, s->n, &s->cap, sizeof *s->at);
    s->at[s->n++] = v;
}

/* Rounds are whole: where a run failed, its round has no values (bench_measure.c). */
int bench_paired(const struct bench *b, const struct bench_metric *m, size_t value)
{
    return b->command[SIDE_REFERENCE].argc &&
           m->sample[SIDE_APP][value].n == m->sample[SIDE_REFERENCE][value].n;
}

struct versus_rule bench_rule(const struct bench *b, const struct bench_metric *m)
{
    struct versus_rule r = b->plan.rule;
    size_t judged = 0;
    for (size_t i = 0; i < b->metric_n; i++)
        judged += b->metric[i].judged != 0;
    if (m->judged && judged)
        r.alpha /= (double)(judged * b->value_n);
    r.more_is_better = m->more_is_better;
    r.counted = m->counted;
    return r;
}

void bench_fill(struct bench *b)
{
    for (int s = 0; s < SIDE_N; s++) {
        if (!b->command[s].argc)
            continue;
        b->filled[s] = xcalloc(b->value_n, sizeof *b->filled[s]);
        for (size_t v = 0; v < b->value_n; v++)
            bench_command_fill(&b->filled[s][v], &b->command[s], b->param, b->value[v].text);
    }
}

static void metric_release(const struct bench *b, struct bench_metric *m)
{
    for (int s = 0; s < SIDE_N; s++) {
        for (size_t v = 0; v < b->value_n; v++)
            free(m->sample[s][v].at);
        free(m->sample[s]);
    }
    free(m->rule.func.at);
    free(m->rule.module.at);
    free(m->rule.chunk.at);
    free(m->rule.library.at);
    free(m->name);
    free(m->doubt);
}

void bench_release(struct bench *b)
{
    for (size_t i = 0; i < b->metric_n; i++)
        metric_release(b, &b->metric[i]);
    for (int s = 0; s < SIDE_N; s++) {
        for (size_t v = 0; b->filled[s] && v < b->value_n; v++)
            bench_command_release(&b->filled[s][v]);
        free(b->filled[s]);
        bench_command_release(&b->command[s]);
    }
    for (size_t v = 0; v < b->value_n; v++)
        free(b->value[v].text);
    bench_command_release(&b->plan.prepare);
    free(b->value);
    free(b->metric);
    free(b->failure);
    pool_release(&b->pool);
}
