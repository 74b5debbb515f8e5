/* diff_judge: which differences are news.  See diff.h for the rules. */
#include "collector/diff/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/distribution.h"
#include "collector/util/xalloc.h"

enum { SAMPLES_TESTED = 8 }; /* with fewer, on both sides together, no split would be news */
static const double margin_one_run = 0.10, margin_several = 0.02;
static const double timed_ratio = 0.5, timed_ns = 1e6, timed_new_ns = 100e3, counted_ratio = 0.01;
/* Lua keeps strings that it made lately by the addresses of their text, which no two runs share. */
static const double counted_bytes = 256;

double diff_margin(const struct diff_section *s, const struct diff_options *o)
{
    if (o->margin >= 0)
        return o->margin;
    return s->run_n[SIDE_A] > 1 || s->run_n[SIDE_B] > 1 ? margin_several : margin_one_run;
}

static double mean_of(const struct diff_section *s, int side, const struct diff_value *v,
                      int shares)
{
    return (shares ? v->share_sum : v->sum) / (double)s->run_n[side];
}

/* Sum of the squared distances from the side's own mean. */
static double scatter_of(const struct diff_section *s, int side, const struct diff_value *v,
                         int shares)
{
    double sum = shares ? v->share_sum : v->sum;
    double squares = shares ? v->share_squares : v->squares;
    return fmax(squares - sum * sum / (double)s->run_n[side], 0);
}

/* Standard error of the difference by the scatter of the runs; < 0: one run a side. */
static double scatter_error(const struct diff_section *s, const struct diff_row *r, int shares)
{
    double a = (double)s->run_n[SIDE_A], b = (double)s->run_n[SIDE_B], df = a + b - 2;
    if (df < 1)
        return -1;
    double squares = scatter_of(s, SIDE_A, &r->side[SIDE_A], shares) +
                     scatter_of(s, SIDE_B, &r->side[SIDE_B], shares);
    return sqrt(squares / df * (1 / a + 1 / b));
}

static double sampling_error(const struct diff_section *s, const struct diff_row *r)
{
    double variance = 0;
    for (int i = 0; i < SIDE_N; i++) {
        double per_run = s->period_ns[i] / (double)s->run_n[i];
        variance += (double)r->side[i].samples * (1 + s->spread[i]) * per_run * per_run;
    }
    return sqrt(variance);
}

/* Of N bytes that were sampled about N / interval samples: N * interval is the variance. */
static double estimate_variance(const struct diff_section *s, const struct diff_row *r)
{
    double variance = s->interval_bytes * (r->side[SIDE_A].mean + r->side[SIDE_B].mean);
    for (int i = 0; i < SIDE_N; i++)
        variance += r->side[i].variance / (double)(s->run_n[i] * s->run_n[i]);
    return variance;
}

/* What samples of a side count as, of which each tells as much as the others. */
static double alike(const struct diff_section *s, int side, double samples)
{
    return samples / (1 + s->spread[side]);
}

/* How many samples a side would get for each unit of what is compared. */
static double exposure(const struct diff_section *s, int side, int shares)
{
    double n = shares                   ? (double)s->samples[side]
               : s->period_ns[side] > 0 ? (double)s->run_n[side] / s->period_ns[side]
                                        : 0;
    return alike(s, side, n);
}

static uint64_t samples_alike(const struct diff_section *s, const struct diff_row *r, int side)
{
    return (uint64_t)(alike(s, side, (double)r->side[side].samples) + 0.5);
}

/* Given the samples of both sides together, those of B are binomial. */
static double p_sampled(const struct diff_section *s, const struct diff_row *r, double margin,
                        int shares)
{
    uint64_t a = samples_alike(s, r, SIDE_A), b = samples_alike(s, r, SIDE_B);
    double ea = exposure(s, SIDE_A, shares), eb = exposure(s, SIDE_B, shares);
    double more = eb * (1 + margin) / (ea + eb * (1 + margin));
    double less = eb / (ea * (1 + margin) + eb);
    double p = fmin(binomial_at_least(b, a + b, more), binomial_at_most(b, a + b, less));
    return fmin(2 * p, 1);
}

static double p_scatter(const struct diff_section *s, const struct diff_row *r, double margin,
                        int shares)
{
    double a = mean_of(s, SIDE_A, &r->side[SIDE_A], shares);
    double b = mean_of(s, SIDE_B, &r->side[SIDE_B], shares);
    double beyond = fabs(b - a) - margin * fmin(fabs(a), fabs(b));
    double error = scatter_error(s, r, shares);
    double df = (double)(s->run_n[SIDE_A] + s->run_n[SIDE_B]) - 2;
    if (beyond <= 0)
        return 1;
    return error > 0 ? fmin(2 * student_cdf(-beyond / error, df), 1) : 0;
}

/* < 0: there is nothing to test with. */
static double p_of(const struct diff_section *s, const struct diff_row *r,
                   const struct diff_options *o)
{
    int shares = o->shares && s->nature == DIFF_SAMPLED;
    int several = s->run_n[SIDE_A] + s->run_n[SIDE_B] > 2;
    double margin = diff_margin(s, o), p = -1;
    if (s->nature == DIFF_SAMPLED) {
        if (samples_alike(s, r, SIDE_A) + samples_alike(s, r, SIDE_B) < SAMPLES_TESTED)
            return -1;
        p = p_sampled(s, r, margin, shares);
    }
    return several ? fmax(p, p_scatter(s, r, margin, shares)) : p;
}

static void row_fill(const struct diff_section *s, struct diff_row *r, const struct diff_options *o)
{
    for (int i = 0; i < SIDE_N; i++) {
        struct diff_value *v = &r->side[i];
        v->mean = mean_of(s, i, v, 0);
        v->share = s->whole[i] > 0 ? v->mean / s->whole[i] : 0;
    }
    r->change = r->side[SIDE_B].mean - r->side[SIDE_A].mean;
    double estimate =
        s->nature == DIFF_SAMPLED ? sampling_error(s, r) : sqrt(estimate_variance(s, r));
    r->error = scatter_error(s, r, 0);
    if (s->nature == DIFF_SAMPLED || estimate > 0)
        r->error = fmax(r->error, estimate);
    r->p = p_of(s, r, o);
}

static int by_p(const void *pa, const void *pb)
{
    const struct diff_row *a = *(struct diff_row *const *)pa, *b = *(struct diff_row *const *)pb;
    return a->p < b->p ? -1 : a->p > b->p;
}

/* Benjamini and Hochberg: the share of false news among the news is at most the level. */
static void correct(struct diff_section *s)
{
    struct diff_row **tested = xcalloc(s->n, sizeof *tested);
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].p >= 0)
            tested[s->tested_n++] = &s->row[i];
    if (s->tested_n)
        qsort(tested, s->tested_n, sizeof *tested, by_p);
    double least = 1;
    for (size_t i = s->tested_n; i-- > 0;) {
        least = fmin(least, tested[i]->p * (double)s->tested_n / (double)(i + 1));
        tested[i]->p = least;
    }
    free(tested);
}

static int beyond_estimate(const struct diff_section *s, const struct diff_row *r)
{
    return r->change * r->change > 9 * estimate_variance(s, r);
}

/* The longer side may have been interrupted, wherever it was: what is left without that has to be news. */
static int is_timed_news(const struct diff_section *s, const struct diff_row *r, double larger)
{
    int is_time = s->quantity == QUANTITY_TIME;
    double queued = fmax(s->queued_ns[r->change > 0 ? SIDE_B : SIDE_A], 0);
    double least = fabs(r->change) < larger ? timed_ns : timed_new_ns;
    double left = fabs(r->change) - queued;
    return left > timed_ratio * (larger - queued) && (!is_time || left > least) &&
           beyond_estimate(s, r);
}

static int is_news(const struct diff_section *s, const struct diff_row *r,
                   const struct diff_options *o)
{
    double larger = fmax(fabs(r->side[SIDE_A].mean), fabs(r->side[SIDE_B].mean));
    double change = fabs(r->change);
    if (change > 0 && change <= s->unseen[r->change > 0 ? SIDE_A : SIDE_B])
        return 0;
    if (r->p >= 0)
        return r->p <= o->level;
    if (s->nature == DIFF_COUNTED)
        return change > counted_ratio * larger &&
               (s->quantity != QUANTITY_BYTES || change == larger || change >= counted_bytes);
    return s->nature == DIFF_TIMED && is_timed_news(s, r, larger);
}

static enum diff_verdict verdict_of(const struct diff_section *s, const struct diff_row *r,
                                    const struct diff_options *o)
{
    const struct diff_value *a = &r->side[SIDE_A], *b = &r->side[SIDE_B];
    int shares = o->shares && s->nature == DIFF_SAMPLED;
    if (!is_news(s, r, o))
        return DIFF_SAME;
    if (diff_is_untold(s, r, SIDE_A) || diff_is_untold(s, r, SIDE_B))
        return DIFF_UNKNOWN;
    if (a->sum == 0)
        return DIFF_NEW;
    if (b->sum == 0)
        return DIFF_GONE;
    return (shares ? b->share > a->share : r->change > 0) ? DIFF_MORE : DIFF_LESS;
}

static int by_change(const void *pa, const void *pb)
{
    const struct diff_row *a = pa, *b = pb;
    if ((a->verdict == DIFF_SAME) != (b->verdict == DIFF_SAME))
        return a->verdict == DIFF_SAME ? 1 : -1;
    double x = fabs(a->change), y = fabs(b->change);
    if (x < y || x > y)
        return x > y ? -1 : 1;
    return strcmp(a->label, b->label);
}

static void judge(struct diff_section *s, const struct diff_options *o)
{
    s->tested_n = 0;
    memset(s->verdict_n, 0, sizeof s->verdict_n);
    for (size_t i = 0; i < s->n; i++)
        row_fill(s, &s->row[i], o);
    correct(s);
    for (size_t i = 0; i < s->n; i++) {
        s->row[i].verdict = verdict_of(s, &s->row[i], o);
        s->verdict_n[s->row[i].verdict]++;
    }
}

static void look_at_shares(struct diff_section *s, const struct diff_options *o)
{
    struct diff_options by_share = *o;
    double part[SIDE_N] = {0};
    by_share.shares = 1;
    judge(s, &by_share);
    s->share_news_n = s->n - s->verdict_n[DIFF_SAME];
    for (size_t i = 0; i < s->n; i++)
        for (int side = 0; side < SIDE_N && s->row[i].verdict != DIFF_SAME; side++)
            part[side] += s->row[i].side[side].share;
    s->share_news = fmax(part[SIDE_A], part[SIDE_B]);
}

void diff_judge(struct diff_section *s, const struct diff_options *o)
{
    if (s->nature == DIFF_SAMPLED && !o->shares)
        look_at_shares(s, o);
    judge(s, o);
    if (s->n)
        qsort(s->row, s->n, sizeof *s->row, by_change);
}

int diff_is_of_pace(const struct diff_section *s, const struct diff_options *o)
{
    const double most = 0.1; /* of the whole changed by another factor */
    double a = s->whole[SIDE_A], b = s->whole[SIDE_B], margin = 1 + diff_margin(s, o);
    enum diff_verdict way = b > a ? DIFF_MORE : DIFF_LESS;
    return s->nature == DIFF_SAMPLED && !o->shares && fmax(a, b) > margin * fmin(a, b) &&
           s->verdict_n[way] >= 2 && s->share_news_n < s->verdict_n[way] && s->share_news <= most;
}
