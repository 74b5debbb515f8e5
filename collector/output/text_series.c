/* text_series: memory over time, as one line of bars for each figure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/memory_sums.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/output/text_series.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

enum { BARS_MAX = 100, BARS_LEAST = 20, LABEL_ROOM = 34, KINDS_SHOWN = 4 };

/* Eight heights; where the locale has no such signs, of letters. */
static const char *bar(unsigned height)
{
    static const char *const block[] = {" ",
                                        "\xe2\x96\x81",
                                        "\xe2\x96\x82",
                                        "\xe2\x96\x83",
                                        "\xe2\x96\x84",
                                        "\xe2\x96\x85",
                                        "\xe2\x96\x86",
                                        "\xe2\x96\x87",
                                        "\xe2\x96\x88"};
    static const char *const plain[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    return (MB_CUR_MAX > 1 ? block : plain)[height];
}

char *series_bars(const double *value, size_t n)
{
    char *out = xcalloc(n + 1, 4), *at = out;
    double max = 0;
    for (size_t i = 0; i < n; i++)
        max = value[i] > max ? value[i] : max;
    for (size_t i = 0; i < n; i++) {
        unsigned height = max > 0 && value[i] > 0 ? (unsigned)(value[i] / max * 7.0 + 0.5) + 1 : 0;
        at = stpcpy(at, bar(height));
    }
    return out;
}

/* A figure at a moment; KIND is for one of them. */
typedef double series_value(const struct rec_sample_memory *r,
                            const struct rec_sample_memory *before, unsigned kind);

static double lua_heap(const struct rec_sample_memory *r, const struct rec_sample_memory *before,
                       unsigned kind)
{
    (void)before, (void)kind;
    return (double)r->lua_bytes;
}

static double c_heap(const struct rec_sample_memory *r, const struct rec_sample_memory *before,
                     unsigned kind)
{
    (void)before, (void)kind;
    return r->c_bytes > 0 ? (double)r->c_bytes : 0;
}

static double resident(const struct rec_sample_memory *r, const struct rec_sample_memory *before,
                       unsigned kind)
{
    (void)before, (void)kind;
    return (double)r->rss_bytes;
}

static double of_kind(const struct rec_sample_memory *r, const struct rec_sample_memory *before,
                      unsigned kind)
{
    (void)before;
    return r->kinds != KINDS_UNKNOWN ? (double)r->kind_live[kind] : 0;
}

/* Bytes a second. */
static double rate(const struct rec_sample_memory *r, const struct rec_sample_memory *before,
                   unsigned kind)
{
    (void)kind;
    if (!before || r->at_ns <= before->at_ns || r->alloc_bytes < before->alloc_bytes)
        return 0;
    return (double)(r->alloc_bytes - before->alloc_bytes) * 1e9 /
           (double)(r->at_ns - before->at_ns);
}

/* The largest value of each of N equal stretches of time; a stretch without a point has that of the one before. */
static void stretches(struct process *p, series_value *f, unsigned kind, double *out, size_t n)
{
    const struct rec_sample_memory *before = NULL;
    uint64_t end = process_since_start(p, process_end_ns(p)) + 1;
    unsigned char *set = xcalloc(n, 1);
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < p->memory.n; i++) {
        const struct rec_sample_memory *r = rowset_at(&p->memory, i);
        size_t at = (size_t)((double)process_since_start(p, r->at_ns) / (double)end * (double)n);
        double v = f(r, before, kind);
        before = r;
        if (at < n && (!set[at] || v > out[at])) {
            out[at] = v;
            set[at] = 1;
        }
    }
    for (size_t i = 1; i < n; i++)
        if (!set[i])
            out[i] = out[i - 1];
    free(set);
}

struct series_line {
    const char *label, *unit;
    series_value *value;
    unsigned kind;
};

static void line_print(struct process *p, const struct canvas *c, const struct series_line *l)
{
    size_t n = c->width > LABEL_ROOM + BARS_LEAST ? c->width - LABEL_ROOM : BARS_LEAST;
    double value[BARS_MAX], max = 0;
    char most[HUMAN_MAX];
    n = n > BARS_MAX ? BARS_MAX : n;
    stretches(p, l->value, l->kind, value, n);
    for (size_t i = 0; i < n; i++)
        max = value[i] > max ? value[i] : max;
    if (max <= 0)
        return;
    char *bars = series_bars(value, n);
    fprintf(c->out, "  %-13s%s  to %s%s\n", l->label, bars, human_bytes(most, max), l->unit);
    free(bars);
}

/* The most that was ever live of a kind. */
static double most_of(struct process *p, unsigned kind)
{
    double most = 0;
    for (size_t i = 0; i < p->memory.n; i++) {
        double v = of_kind(rowset_at(&p->memory, i), NULL, kind);
        most = v > most ? v : most;
    }
    return most;
}

/* The kinds of which there was most at any time. */
static void kinds_print(struct process *p, const struct canvas *c)
{
    double most[ALLOC_KIND_N];
    for (unsigned k = 0; k < ALLOC_KIND_N; k++)
        most[k] = most_of(p, k);
    for (int shown = 0; shown < KINDS_SHOWN; shown++) {
        unsigned best = 0;
        for (unsigned k = 1; k < ALLOC_KIND_N; k++)
            best = most[k] > most[best] ? k : best;
        if (most[best] <= 0)
            return;
        char label[LABEL_ROOM];
        snprintf(label, sizeof label, "- %s", alloc_kind_name(best));
        line_print(p, c, &(struct series_line){label, "", of_kind, best});
        most[best] = 0;
    }
}

void text_series(struct digest *d, const struct canvas *c)
{
    struct process *p = d->process;
    char text[2 * HUMAN_MAX + 100], time[HUMAN_MAX], n[HUMAN_MAX];
    if (p->memory.n < 3)
        return;
    snprintf(text, sizeof text, "%s points in %s%s", human_count(n, p->memory.n),
             human_ns(time, (double)process_since_start(p, process_end_ns(p))),
             memory_mode(p, HEAP_LUA) == ALLOC_SAMPLED ? "; kinds are estimated from samples" : "");
    page_heading(c, "Memory over time", text);
    line_print(p, c, &(struct series_line){"Lua heap", "", lua_heap, 0});
    kinds_print(p, c);
    line_print(p, c, &(struct series_line){"C heap", "", c_heap, 0});
    line_print(p, c, &(struct series_line){"resident", "", resident, 0});
    line_print(p, c, &(struct series_line){"allocation", " a second", rate, 0});
}
