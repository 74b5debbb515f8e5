/* bench_judge: see bench_judge.h. */
#include "collector/bench/bench_judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

enum { RUNS_FOR_SPREAD = 3 };

const char *bench_verdict_name(enum bench_verdict v)
{
    static const char *const name[] = {"measured", "pass", "regressed", "no verdict"};
    return name[v];
}

static void figures_make(struct bench_figures *f, const struct bench_samples *s)
{
    describe(&f->d, s->at, s->n);
    outliers_find(&f->outliers, &f->d, s->at, s->n);
    drift_find(&f->drift, s->at, s->n);
}

static void row_make(struct bench_row *r, const struct bench *b, const struct bench_metric *m,
                     size_t value)
{
    const struct bench_samples *app = &m->sample[SIDE_APP][value];
    const struct bench_samples *reference = &m->sample[SIDE_REFERENCE][value];
    struct versus_rule rule = bench_rule(b, m);
    *r = (struct bench_row){.metric = m, .value = value, .detectable = NAN};
    figures_make(&r->side[SIDE_APP], app);
    figures_make(&r->side[SIDE_REFERENCE], reference);
    rule.paired = bench_paired(b, m, value);
    r->compared = app->n && reference->n;
    if (r->compared)
        versus(&r->versus, &rule, reference->at, reference->n, app->at, app->n);
    if (app->n < RUNS_FOR_SPREAD)
        return;
    r->detectable = versus_detectable(&rule, app->at, app->n, reference->at, reference->n);
    r->recommended = versus_runs(&rule, app->at, app->n, reference->at, reference->n);
}

/* ---- growth ---- */

static void growth_make(struct bench_judgement *j, const struct bench_metric *m,
                        enum bench_side side)
{
    const struct bench *b = j->bench;
    struct order_point point[ORDER_POINTS_MAX];
    size_t n = 0;
    for (size_t v = 0; v < b->value_n && n < ORDER_POINTS_MAX; v++) {
        const struct bench_samples *s = &m->sample[side][v];
        if (s->n && isfinite(b->value[v].size))
            point[n++] = (struct order_point){b->value[v].size, s->at, s->n};
    }
    struct bench_growth *g = &j->growth[j->growth_n];
    *g = (struct bench_growth){.metric = m, .side = side};
    order_fit(&g->fit, point, n);
    j->growth_n += g->fit.order != ORDER_NONE;
}

/* ---- the whole ---- */

static enum bench_verdict row_verdict(const struct bench_row *r)
{
    if (!r->compared || r->versus.verdict == VERSUS_UNSTABLE)
        return BENCH_NO_VERDICT;
    return r->versus.verdict == VERSUS_REGRESSED ? BENCH_REGRESSED : BENCH_PASS;
}

/* What regressed stays so, whatever else could not be told. */
static enum bench_verdict whole_verdict(const struct bench_judgement *j)
{
    enum bench_verdict worst = BENCH_PASS;
    size_t judged = 0;
    if (!j->bench->compared)
        return BENCH_MEASURED;
    for (size_t i = 0; i < j->row_n; i++) {
        enum bench_verdict v = row_verdict(&j->row[i]);
        if (!j->row[i].metric->judged)
            continue;
        judged++;
        if (v == BENCH_REGRESSED)
            return v;
        worst = v == BENCH_NO_VERDICT ? v : worst;
    }
    return judged && !j->bench->interrupted ? worst : BENCH_NO_VERDICT;
}

void bench_judge(struct bench_judgement *j, const struct bench *b)
{
    memset(j, 0, sizeof *j);
    j->bench = b;
    j->row = xcalloc(b->metric_n * b->value_n + 1, sizeof *j->row);
    j->growth = xcalloc(b->metric_n * SIDE_N + 1, sizeof *j->growth);
    for (size_t i = 0; i < b->metric_n; i++) {
        for (size_t v = 0; v < b->value_n; v++)
            row_make(&j->row[j->row_n++], b, &b->metric[i], v);
        for (int s = 0; s < SIDE_N; s++)
            growth_make(j, &b->metric[i], (enum bench_side)s);
    }
    j->verdict = whole_verdict(j);
}

void bench_judgement_release(struct bench_judgement *j)
{
    free(j->row);
    free(j->growth);
    memset(j, 0, sizeof *j);
}
