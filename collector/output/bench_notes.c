/* bench_notes: sentences about what was measured: outliers, drift, failures, what more runs would tell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/bench_output.h"
#include "collector/util/xalloc.h"

struct telling {
    const struct bench_report *r;
    const struct bench *b;
    bench_tell *tell;
    void *ctx;
};

const char *bench_side_name(enum bench_side side)
{
    return side == SIDE_APP ? "app" : "reference";
}

static void say(const struct telling *t, int warning, char *sentence)
{
    t->tell(t->ctx, warning, sentence);
    free(sentence);
}

/* "wall of app, n=1000" */
static char *subject(const struct telling *t, const struct bench_metric *m, int side, size_t value)
{
    const char *text = t->b->value[value].text;
    char *of = side < 0 || !t->b->compared
                   ? xstrdup("")
                   : xformat(" of %s", bench_side_name((enum bench_side)side));
    char *s = text ? xformat("%s%s, %s=%s", m->name, of, t->b->param, text)
                   : xformat("%s%s", m->name, of);
    free(of);
    return s;
}

/* ---- single samples ---- */

static void outliers_say(const struct telling *t, const char *what, const struct bench_figures *f)
{
    size_t n = f->outliers.low + f->outliers.high;
    char *far =
        f->outliers.severe ? xformat(", %zu of them far off", f->outliers.severe) : xstrdup("");
    if (n)
        say(t, 0,
            xformat("%s: %zu of %zu runs are outliers%s (%zu high, %zu low)", what, n, f->d.n, far,
                    f->outliers.high, f->outliers.low));
    free(far);
}

static void drift_say(const struct telling *t, const char *what, const struct bench_figures *f)
{
    if (f->drift.found)
        say(t, 1,
            xformat("%s drifts: the last third of the runs is %.1f%% %s the first (p = %.2g); more "
                    "--warmup may help, or the machine is changing",
                    what, 100 * fabs(f->drift.relative), f->drift.relative > 0 ? "above" : "below",
                    f->drift.p));
}

static void samples_say(const struct telling *t, const struct bench_row *row)
{
    for (int s = 0; s < SIDE_N && row->metric->judged; s++) {
        if (!row->side[s].d.n || (s == SIDE_REFERENCE && t->r->baseline))
            continue;
        char *what = subject(t, row->metric, s, row->value);
        outliers_say(t, what, &row->side[s]);
        drift_say(t, what, &row->side[s]);
        free(what);
    }
}

/* ---- what runs can tell ---- */

static void power_say(const struct telling *t, const struct bench_row *row, const char *what)
{
    double detect = t->b->plan.rule.detect;
    if (isnan(row->detectable) || t->b->value_n > 1 || row->side[SIDE_APP].d.sd == 0)
        return; /* a sweep is no preparation of a comparison; what does not vary needs none */
    if (row->recommended >= VERSUS_RUNS_MAX)
        return say(t, 0,
                   xformat("%s: too noisy for a change of %.3g%% to be found by more runs", what,
                           100 * detect));
    char *bound =
        row->detectable < 10 ? xformat("%.2g%%", 100 * row->detectable) : xstrdup("1000%");
    say(t, 0,
        xformat(
            "%s: %zu runs of each find a change of %s (95 times in 100); one of %.3g%% takes %zu",
            what, row->side[SIDE_APP].d.n, bound, 100 * detect, row->recommended));
    free(bound);
}

static void verdict_say(const struct telling *t, const struct bench_row *row, const char *what)
{
    if (!row->side[SIDE_APP].d.n)
        return say(t, 1, xformat("%s was not measured: nothing that it speaks of happened", what));
    if (!row->compared)
        return say(t, 1, xformat("%s: the reference has no such figure", what));
    if (row->versus.verdict != VERSUS_UNSTABLE)
        return;
    if (row->versus.more >= VERSUS_RUNS_MAX / 2)
        return say(t, 1, xformat("%s: no verdict, and too noisy for more runs to decide", what));
    size_t n = row->side[SIDE_APP].d.n + row->versus.more;
    say(t, 1,
        xformat("%s: no verdict; about %zu more runs of each would decide (-n %zu)", what,
                row->versus.more, n));
}

static void row_say(const struct telling *t, const struct bench_row *row)
{
    char *what = subject(t, row->metric, -1, row->value);
    samples_say(t, row);
    if (row->metric->judged && t->b->compared)
        verdict_say(t, row, what);
    else if (row->metric->judged && row->side[SIDE_APP].d.n)
        power_say(t, row, what);
    else if (row->metric->judged)
        say(t, 1, xformat("%s was not measured: nothing that it speaks of happened", what));
    free(what);
}

/* ---- the whole ---- */

static void growth_say(const struct telling *t, const struct bench_growth *g)
{
    const struct order_fit *f = &g->fit;
    char *what = subject(t, g->metric, g->side, 0),
         *power = xformat("%s^%.2f", t->b->param, f->exponent);
    char *comma = strrchr(what, ',');
    char *second = f->second != ORDER_NONE && f->confidence < 0.995
                       ? xformat(", else %s", order_name(f->second))
                       : xstrdup("");
    *comma = 0; /* the size is not meant here */
    say(t, 0,
        xformat("%s grows like %s (confidence %.0f%%%s); exponent %.2f (%.2f to %.2f)", what,
                f->order == ORDER_POWER ? power : order_name(f->order), 100 * f->confidence, second,
                f->exponent, f->exponent_ci.low, f->exponent_ci.high));
    free(second);
    free(power);
    free(what);
}

static int same_failure(const struct bench_failure *a, const struct bench_failure *b)
{
    return a->side == b->side && a->value == b->value && a->outcome == b->outcome &&
           a->number == b->number && a->prepare == b->prepare;
}

/* All failures like the I-th, which is the first of them. */
static void failure_say(const struct telling *t, size_t i)
{
    const struct bench *b = t->b;
    const struct bench_failure *f = &b->failure[i];
    const char *value = b->value[f->value].text;
    size_t n = 0, warming = 0;
    char why[128];
    for (size_t k = i; k < b->failure_n; k++) {
        n += same_failure(f, &b->failure[k]);
        warming += same_failure(f, &b->failure[k]) && !b->failure[k].round;
    }
    bench_outcome_say(why, sizeof why, f->outcome, f->number);
    say(t, 1,
        xformat("%zu run%s of %s%s%s%s%s %s%s (%zu of them while warming up)", n, n == 1 ? "" : "s",
                bench_side_name(f->side), value ? ", " : "", value ? b->param : "",
                value ? "=" : "", value ? value : "", f->prepare ? "were not made: --prepare " : "",
                why, warming));
}

static void failures_say(const struct telling *t)
{
    enum { KINDS_MAX = 8 };
    const struct bench *b = t->b;
    size_t kinds = 0;
    for (size_t i = 0; i < b->failure_n; i++) {
        size_t k = 0;
        while (!same_failure(&b->failure[k], &b->failure[i]))
            k++;
        if (k == i && kinds++ < KINDS_MAX)
            failure_say(t, i);
    }
    if (kinds > KINDS_MAX)
        say(t, 1, xformat("runs failed in %zu other ways", kinds - KINDS_MAX));
    if (b->failures_more)
        say(t, 1, xformat("%zu more runs failed", b->failures_more));
}

static int few_runs(const struct bench_judgement *j)
{
    for (size_t i = 0; i < j->row_n; i++)
        if (j->row[i].side[SIDE_APP].d.n && !j->row[i].side[SIDE_APP].d.ci_whole)
            return 1;
    return 0;
}

static void whole_say(const struct telling *t)
{
    const struct bench *b = t->b;
    failures_say(t);
    if (b->interrupted)
        say(t, 1, xstrdup("interrupted: these are the runs until then"));
    if (few_runs(t->r->judgement))
        say(t, 0, xstrdup("with fewer than 6 runs the 95% interval is the whole range"));
    if (b->strange)
        say(t, 1,
            xformat("%zu lines of MODPROF_BENCH_OUT were not understood; modprof-bench(1) says how "
                    "they look",
                    b->strange));
    for (size_t i = 0; i < b->metric_n; i++)
        if (b->metric[i].doubt)
            say(t, 1, xformat("%s may be too low: %s", b->metric[i].name, b->metric[i].doubt));
    if (t->r->missing)
        say(t, 1, xstrdup(t->r->missing));
}

void bench_notes(const struct bench_report *r, bench_tell *tell, void *ctx)
{
    const struct bench_judgement *j = r->judgement;
    struct telling t = {r, j->bench, tell, ctx};
    for (size_t i = 0; i < j->growth_n; i++)
        growth_say(&t, &j->growth[i]);
    for (size_t i = 0; i < j->row_n; i++)
        row_say(&t, &j->row[i]);
    whole_say(&t);
}
