/* bench_measure: see bench_measure.h. */
#include "collector/bench/bench_measure.h"

#include <math.h>
#include <time.h>

#include "collector/bench/bench_round.h"

enum { RUNS_LEAST = 10, TRACED_RUNS = 5, AUTO_TIME_S = 60 };

static double clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- how many ---- */

static int is_plain(const struct bench_metric *m)
{
    return m->source != SOURCE_TRACE;
}

static size_t needed(const struct bench *b)
{
    size_t most = RUNS_LEAST;
    for (size_t i = 0; i < b->metric_n; i++)
        for (size_t v = 0; b->metric[i].judged && is_plain(&b->metric[i]) && v < b->value_n; v++) {
            const struct bench_samples *a = &b->metric[i].sample[SIDE_REFERENCE][v];
            const struct bench_samples *x = &b->metric[i].sample[SIDE_APP][v];
            struct versus_rule r = bench_rule(b, &b->metric[i]);
            size_t n = x->n && a->n ? versus_runs(&r, a->at, a->n, x->at, x->n) : 0;
            most = n > most ? n : most;
        }
    return most;
}

struct pace {
    double began, limit_s; /* limit 0: none */
    size_t wanted;         /* 0: until the time is over */
    int adapt;             /* ask again when so many are done */
};

static struct pace pace_make(const struct bench *b)
{
    struct pace p = {.began = clock_s(), .limit_s = (double)b->plan.time_ns / 1e9};
    if (b->plan.runs)
        p.wanted = b->plan.runs;
    else if (b->compared || !b->plan.time_ns)
        p.wanted = RUNS_LEAST;
    p.adapt = !b->plan.runs && b->compared;
    if (p.adapt && !b->plan.time_ns)
        p.limit_s = AUTO_TIME_S;
    return p;
}

static int enough(struct pace *p, const struct bench *b, size_t done)
{
    double spent = clock_s() - p->began;
    if (p->limit_s && done && spent + spent / (double)done > p->limit_s)
        return 1;
    if (!p->wanted || done < p->wanted)
        return 0;
    size_t n = p->adapt ? needed(b) : p->wanted;
    p->wanted = n < 2 * done ? n : 2 * done; /* a better guess is made half-way */
    return done >= p->wanted;
}

static double left_s(const struct pace *p, size_t done)
{
    double spent = clock_s() - p->began;
    double by_time = p->limit_s ? fmax(p->limit_s - spent, 0) : INFINITY;
    double by_count =
        p->wanted && done ? spent / (double)done * (double)(p->wanted - done) : INFINITY;
    double left = fmin(by_time, by_count);
    return isfinite(left) && (done || !p->wanted) ? left : -1;
}

/* ---- rounds ---- */

static void tell(const struct bench_measure *m, const struct pace *p, const char *doing,
                 size_t done)
{
    struct bench_progress at = {doing, done, p->wanted, left_s(p, done)};
    if (m->tell)
        m->tell(m->ctx, &at);
}

static int goes_on(const struct bench *b)
{
    return !b->stopped && !b->interrupted;
}

static int warm_up(struct bench_measure *m, struct err *err)
{
    struct pace p = {.began = clock_s(), .wanted = m->bench->plan.warmups};
    for (size_t i = 0; i < p.wanted && goes_on(m->bench); i++) {
        tell(m, &p, "warming up", i);
        if (bench_round(m, 0, 0, err))
            return -1;
    }
    return 0;
}

static int plain_rounds(struct bench_measure *m, struct err *err)
{
    struct bench *b = m->bench;
    if (warm_up(m, err))
        return -1;
    struct pace p = pace_make(b);
    for (size_t done = 0; goes_on(b) && !enough(&p, b, done); done++) {
        tell(m, &p, "run", done);
        if (bench_round(m, 0, done + 1, err))
            return -1;
        b->rounds += goes_on(b);
    }
    return 0;
}

static int traced_rounds(struct bench_measure *m, struct err *err)
{
    struct bench *b = m->bench;
    struct pace p = {.began = clock_s(), .wanted = b->plan.runs ? b->plan.runs : TRACED_RUNS};
    for (size_t done = 0; done < p.wanted && goes_on(b); done++) {
        tell(m, &p, "run under the shim", done);
        if (bench_round(m, 1, done + 1, err))
            return -1;
        b->traced_rounds += goes_on(b);
    }
    return 0;
}

int bench_measure(struct bench_measure *m, struct err *err)
{
    const struct bench *b = m->bench;
    int plain = b->plan.all_ops, traced = 0;
    for (size_t i = 0; i < b->metric_n; i++) {
        plain |= is_plain(&b->metric[i]);
        traced |= !is_plain(&b->metric[i]);
    }
    if (plain && plain_rounds(m, err))
        return -1;
    return traced && goes_on(b) ? traced_rounds(m, err) : 0;
}
