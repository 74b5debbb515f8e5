/* bench_round: see bench_round.h. */
#include "collector/bench/bench_round.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/bench/bench_ops.h"
#include "collector/bench/bench_trace.h"
#include "collector/bench/bench_wanted.h"
#include "collector/stat/describe.h"
#include "collector/util/xalloc.h"

/* What one run gave. */
struct run_figures {
    int fine; /* 0: it failed, and has no figures */
    struct bench_process process;
    struct bench_ops ops;
    double *traced; /* [metric_n] */
};

struct round {
    struct bench_measure *m;
    struct bench *b;
    int traced;
    size_t number, value;
    struct run_figures side[SIDE_N];
};

/* ---- failures ---- */

static void failure_note(const struct round *r, enum bench_side side, const struct bench_process *p,
                         int prepare)
{
    struct bench *b = r->b;
    struct bench_failure f = {side, r->value, r->number, p->outcome, p->number, prepare};
    if (p->outcome == BENCH_INTERRUPTED) {
        b->interrupted = 1;
        return;
    }
    if (b->failure_n < BENCH_FAILURES_MAX) {
        b->failure = xgrow(b->failure, b->failure_n, &b->failure_cap, sizeof *b->failure);
        b->failure[b->failure_n++] = f;
    } else
        b->failures_more++;
    b->stopped |= !b->plan.ignore_failure || p->outcome == BENCH_NOT_STARTED;
    if (r->m->failed)
        r->m->failed(r->m->ctx, &f);
}

/* A run that ended by itself took the time it took, whatever its exit status. */
static int has_figures(const struct bench *b, const struct bench_process *p)
{
    return p->outcome == BENCH_OK || (p->outcome == BENCH_EXIT && b->plan.ignore_failure);
}

/* ---- one run ---- */

static int prepare(const struct round *r, enum bench_side side)
{
    struct bench_process p;
    struct bench_surroundings s = {.show_output = r->b->plan.show_output};
    if (!r->b->plan.prepare.argc)
        return 0;
    bench_process_run(&p, &r->b->plan.prepare, &s);
    if (p.outcome == BENCH_OK)
        return 0;
    failure_note(r, side, &p, 1);
    return -1;
}

static int run_side(struct round *r, enum bench_side side, struct err *err)
{
    struct bench *b = r->b;
    struct run_figures *f = &r->side[side];
    char *ops = xformat("%s/operations", r->m->dir), *trace = xformat("%s/t.mprof", r->m->dir);
    struct bench_surroundings s = {b->plan.show_output, b->plan.timeout_ns, ops,
                                   r->traced ? r->m->shim : NULL, trace};
    int bad = 0;
    memset(f, 0, sizeof *f);
    if (!prepare(r, side)) {
        bench_process_run(&f->process, &b->filled[side][r->value], &s);
        bench_ops_take(&f->ops, ops);
        f->fine = has_figures(b, &f->process);
        if (f->process.outcome != BENCH_OK)
            failure_note(r, side, &f->process, 0);
        if (r->traced) {
            f->traced = xcalloc(b->metric_n, sizeof *f->traced);
            bad = bench_trace_take(b, r->m->dir, f->traced, err);
        }
    }
    free(ops);
    free(trace);
    return bad && f->fine ? -1 : 0;
}

/* ---- figures ---- */

static double outside_value(const struct bench_process *p, enum bench_source source)
{
    switch (source) {
    case SOURCE_WALL:
        return p->wall_ns;
    case SOURCE_CPU:
        return p->user_ns + p->system_ns;
    case SOURCE_USER:
        return p->user_ns;
    case SOURCE_SYSTEM:
        return p->system_ns;
    case SOURCE_RSS:
        return p->rss_bytes;
    default:
        return NAN;
    }
}

static void op_value(const struct round *r, enum bench_side side, const char *name,
                     const char *unit, double value)
{
    struct bench_metric *m = bench_metric_named(r->b, name);
    if (!m && r->b->plan.all_ops)
        m = bench_metric_add(r->b, name, SOURCE_OPS);
    if (!m || m->source != SOURCE_OPS || !isfinite(value))
        return;
    bench_wanted_op(m, unit);
    bench_sample_add(m, side, r->value, value);
}

static void op_take(const struct round *r, enum bench_side side, const struct bench_op *op)
{
    static const struct {
        const char *name;
        double q;
    } part[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};
    char name[OPS_NAME_MAX + 16];
    double *sorted = sorted_copy(op->sample, op->n);
    if (op->is_value) {
        snprintf(name, sizeof name, "value.%s", op->name);
        op_value(r, side, name, op->unit, quantile_sorted(sorted, op->n, 0.5));
    }
    for (int i = 0; i < 3 && !op->is_value; i++) {
        snprintf(name, sizeof name, "op.%s.%s", op->name, part[i].name);
        op_value(r, side, name, "ns", quantile_sorted(sorted, op->n, part[i].q));
    }
    if (!op->is_value) {
        snprintf(name, sizeof name, "op.%s.rate", op->name);
        op_value(r, side, name, "/s", op->count / (op->total_ns / 1e9));
    }
    free(sorted);
}

static void figures_keep(const struct round *r, enum bench_side side)
{
    const struct run_figures *f = &r->side[side];
    r->b->strange += f->ops.strange + f->ops.nameless;
    for (size_t i = 0; i < r->b->metric_n; i++) {
        struct bench_metric *m = &r->b->metric[i];
        double v = r->traced ? f->traced[i] : outside_value(&f->process, m->source);
        if (!isnan(v) && (m->source == SOURCE_TRACE) == r->traced)
            bench_sample_add(m, side, r->value, v);
    }
    for (size_t i = 0; !r->traced && i < f->ops.n; i++)
        op_take(r, side, &f->ops.at[i]);
}

/* ---- the round ---- */

static int value_round(struct round *r, struct err *err)
{
    static const enum bench_side order[] = {SIDE_REFERENCE, SIDE_APP};
    struct bench *b = r->b;
    int bad = 0, fine = 1;
    memset(r->side, 0, sizeof r->side);
    for (int i = 0; i < SIDE_N && !bad && !b->stopped && !b->interrupted; i++) {
        if (!b->command[order[i]].argc)
            continue;
        bad = run_side(r, order[i], err);
        fine &= r->side[order[i]].fine;
    }
    for (int i = 0; i < SIDE_N; i++) {
        if (!bad && fine && r->number && !b->stopped && !b->interrupted && r->side[i].fine)
            figures_keep(r, (enum bench_side)i);
        bench_ops_release(&r->side[i].ops);
        free(r->side[i].traced);
    }
    return bad;
}

int bench_round(struct bench_measure *m, int traced, size_t round, struct err *err)
{
    struct round r = {.m = m, .b = m->bench, .traced = traced, .number = round};
    for (; r.value < m->bench->value_n; r.value++) {
        if (bench_process_interrupted())
            m->bench->interrupted = 1;
        if (m->bench->stopped || m->bench->interrupted)
            break;
        if (value_round(&r, err))
            return -1;
    }
    return 0;
}
