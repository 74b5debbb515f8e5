/* verdict: see verdict.h. */
#include "collector/budget/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "collector/stat/describe.h"
#include "collector/util/xalloc.h"

const char *verdict_name(enum verdict v)
{
    static const char *const name[VERDICT_N] = {
        "off", "untested", "pass", "warn", "missing baseline", "unstable", "incomplete", "fail"};
    return name[v];
}

/* ---- one run, or the median of some ---- */

static void hold_most(struct finding *f, const struct bound *bound)
{
    f->bound = bound;
    f->below = 0;
    f->value = f->m.value;
    f->place = f->m.place;
    f->place_value = f->m.place_value;
    f->excess = f->value > bound->value ? f->value - bound->value : 0;
}

static void hold_least(struct finding *f, const struct bound *bound)
{
    f->bound = bound;
    f->below = 1;
    f->value = f->m.smallest;
    f->place = f->m.smallest_place;
    f->place_value = f->m.smallest;
    f->excess = f->value < bound->value ? bound->value - f->value : 0;
}

/* Beyond BOUND: certain unless more data could take it back. */
static enum verdict beyond(const struct finding *f, enum verdict certain)
{
    int may_change = f->below || f->m.few || f->rule->metric->needs & NEED_END;
    return f->m.doubt && may_change ? VERDICT_INCOMPLETE : certain;
}

static void judge(struct finding *f)
{
    const struct rule *r = f->rule;
    enum verdict worst = r->level == LEVEL_WARN ? VERDICT_WARN : VERDICT_FAIL;
    f->value = f->m.value; /* where there is no bound yet */
    f->place = f->m.place;
    f->place_value = f->m.place_value;
    if (r->limit.given) {
        hold_most(f, &r->limit);
        if (f->excess > 0) {
            f->verdict = beyond(f, worst);
            return;
        }
    }
    if (r->at_least.given) {
        hold_least(f, &r->at_least);
        if (f->excess > 0) {
            f->verdict = beyond(f, worst);
            return;
        }
    }
    if (r->warn.given) {
        hold_most(f, &r->warn);
        if (f->excess > 0 && !f->m.doubt) {
            f->verdict = VERDICT_WARN;
            return;
        }
    }
    if (r->limit.given)
        hold_most(f, &r->limit);
    f->verdict = f->m.doubt ? VERDICT_INCOMPLETE : VERDICT_PASS;
}

/* How near to its bound, for choosing the worst process of one verdict. */
static double nearness(const struct finding *f)
{
    if (!f->bound)
        return 0;
    if (f->below)
        return f->value > 0 ? f->bound->value / f->value : 1e300;
    return f->bound->value > 0 ? f->value / f->bound->value : f->value;
}

/* ---- the runs of one command ---- */

/* The runs where R found something. */
struct seen {
    struct measured *m;
    struct digest **d;
    size_t n;
    const char *doubt; /* of a run where it found nothing; NULL */
    struct digest *doubtful;
};

static void seen_make(struct seen *s, const struct rule *r, const struct run_group *g)
{
    *s = (struct seen){xcalloc(g->n, sizeof *s->m), xcalloc(g->n, sizeof(void *)), 0, NULL, NULL};
    for (size_t i = 0; i < g->n; i++) {
        measure(r, g->d[i], &s->m[s->n]);
        s->d[s->n] = g->d[i];
        if (s->m[s->n].n) {
            s->n++;
        } else if (s->m[s->n].doubt) { /* it may have happened, unseen */
            s->doubt = s->m[s->n].doubt;
            s->doubtful = g->d[i];
        }
    }
}

static void seen_release(struct seen *s)
{
    free(s->m);
    free(s->d);
}

static void take_worse(struct finding *worst, const struct finding *f)
{
    struct finding_runs *runs = worst->runs;
    size_t runs_n = worst->runs_n;
    if (f->verdict > worst->verdict ||
        (f->verdict == worst->verdict && nearness(f) > nearness(worst)))
        *worst = *f;
    if (worst->bound == &f->relative.bound) /* the bound that it made itself moves along */
        worst->bound = &worst->relative.bound;
    worst->runs = runs;
    worst->runs_n = runs_n;
}

/* Number of the run whose VALUE is the median, or the one just below. */
static size_t middle_run(const struct seen *s)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t below = 0, same = 0;
        for (size_t k = 0; k < s->n; k++) {
            below += s->m[k].value < s->m[i].value;
            same += s->m[k].value == s->m[i].value;
        }
        size_t middle = (s->n - 1) / 2;
        if (below <= middle && middle < below + same)
            return i;
    }
    return 0;
}

static const char *any_doubt(const struct seen *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->m[i].doubt)
            return s->m[i].doubt;
    return s->doubt;
}

/* A time of repeated runs is their median; it is told with the place of the middle run. */
static void judge_median(struct finding *f, const struct seen *s, const double *value,
                         const double *smallest)
{
    struct describe most, least;
    size_t middle = middle_run(s);
    describe(&most, value, s->n);
    describe(&least, smallest, s->n);
    f->digest = s->d[middle];
    f->m = s->m[middle];
    f->m.value = most.median;
    f->m.smallest = least.median;
    f->m.doubt = any_doubt(s);
    f->run_n = s->n;
    judge(f);
}

static void judge_worst(struct finding *f, const struct seen *s)
{
    struct finding worst = *f;
    for (size_t i = 0; i < s->n; i++) {
        struct finding one = *f;
        one.digest = s->d[i];
        one.m = s->m[i];
        judge(&one);
        take_worse(&worst, &one);
    }
    *f = worst;
}

/* What the comparison adds to the verdict by absolute limits. */
static void judge_relative(struct finding *f)
{
    const struct relative *x = &f->relative;
    const struct rule *r = f->rule;
    if (x->state == RELATIVE_UNSTABLE || x->state == RELATIVE_MISSING) {
        enum verdict v = x->state == RELATIVE_MISSING ? VERDICT_MISSING : VERDICT_UNSTABLE;
        f->verdict = v > f->verdict ? v : f->verdict;
    }
    int broken = x->state == RELATIVE_BEYOND && f->verdict != VERDICT_FAIL;
    if (!broken && (f->bound || !x->bound.given))
        return;
    f->bound = &x->bound;
    f->below = r->metric->direction == DIRECTION_MORE;
    f->value = x->value;
    f->place = f->m.place;
    f->place_value = f->m.place_value;
    f->excess = !broken ? 0 : f->below ? x->bound.value - x->value : x->value - x->bound.value;
    if (broken)
        f->verdict = beyond(f, r->level == LEVEL_WARN ? VERDICT_WARN : VERDICT_FAIL);
}

/* VALUE[N] of what S saw in G. */
static void runs_keep(struct finding *worst, const struct run_group *g, double *value,
                      const struct seen *s)
{
    worst->runs = xrealloc(worst->runs, worst->runs_n + 1, sizeof *worst->runs);
    worst->runs[worst->runs_n++] = (struct finding_runs){g, value, s->n, any_doubt(s)};
}

static void group_judge(struct finding *worst, const struct rule *r, const struct run_group *g,
                        const struct baseline *base, struct pool *pool)
{
    struct finding f = {.rule = r, .verdict = VERDICT_UNTESTED, .place = "", .group = g};
    struct seen s;
    seen_make(&s, r, g);
    double *value = xmalloc((s.n + 1) * sizeof *value);
    double *smallest = xmalloc((s.n + 1) * sizeof *smallest);
    for (size_t i = 0; i < s.n; i++) {
        value[i] = s.m[i].value;
        smallest[i] = s.m[i].smallest;
    }
    if (s.n > 1 && rule_timed(r) && !g->forked)
        judge_median(&f, &s, value, smallest);
    else if (s.n)
        judge_worst(&f, &s);
    if (s.n) {
        relative_make(&f.relative, r, g, value, s.n, base, pool);
        judge_relative(&f);
    } else if (s.doubt) {
        f.digest = s.doubtful;
        f.m.doubt = s.doubt;
        f.verdict = VERDICT_INCOMPLETE;
    }
    take_worse(worst, &f);
    runs_keep(worst, g, value, &s);
    free(smallest);
    seen_release(&s);
}

/* ---- all ---- */

void findings_make(struct findings *f, const struct budget *b, const struct run_groups *g,
                   const struct baseline *base)
{
    memset(f, 0, sizeof *f);
    f->at = xcalloc(b->n, sizeof *f->at);
    f->n = b->n;
    for (size_t i = 0; i < b->n; i++) {
        const struct rule *r = &b->rule[i];
        struct finding *one = &f->at[i];
        *one = (struct finding){.rule = r, .verdict = VERDICT_UNTESTED, .place = ""};
        if (r->level == LEVEL_OFF)
            one->verdict = VERDICT_OFF;
        for (size_t j = 0; r->level != LEVEL_OFF && j < g->n; j++)
            if (run_group_wanted(&g->at[j], r))
                group_judge(one, r, &g->at[j], base, &f->pool);
        f->count[one->verdict]++;
    }
}

void findings_release(struct findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        for (size_t k = 0; k < f->at[i].runs_n; k++)
            free(f->at[i].runs[k].value);
        free(f->at[i].runs);
    }
    free(f->at);
    pool_release(&f->pool);
    memset(f, 0, sizeof *f);
}

int findings_status(const struct findings *f, int strict, int lenient)
{
    size_t undecided = strict ? f->count[VERDICT_UNTESTED] : 0;
    if (f->count[VERDICT_FAIL])
        return EXIT_OVER;
    for (size_t i = 0; i < f->n; i++) {
        enum verdict v = f->at[i].verdict;
        int open = v == VERDICT_INCOMPLETE ||
                   (!lenient && (v == VERDICT_UNSTABLE || v == VERDICT_MISSING));
        undecided += open && f->at[i].rule->level == LEVEL_ERROR;
    }
    if (undecided || f->count[VERDICT_UNTESTED] + f->count[VERDICT_OFF] == f->n)
        return EXIT_NO_VERDICT;
    return EXIT_FINE;
}
