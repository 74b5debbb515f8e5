/* text_cpu: where the sampled time went: by state, by function, by line. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_names.h"
#include "collector/analyse/stack_hot.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

struct hot_columns {
    unsigned self, error, self_time, total, total_time, kind, label, place;
};

static void columns(struct hot_columns *m, struct table *t, int lines)
{
    m->self = table_column(t, "self", COLUMN_RIGHT);
    m->error = table_column(t, "+-", COLUMN_RIGHT);
    m->self_time = table_column(t, "time", COLUMN_RIGHT);
    m->total = table_column(t, "total", COLUMN_RIGHT);
    m->total_time = table_column(t, "time", COLUMN_RIGHT);
    m->kind = lines ? m->self : table_column(t, "kind", 0);
    if (lines) { /* as in the tables of memory; what is cut is never the number of the line */
        m->place = table_column(t, "line", COLUMN_CUT_START);
        m->label = table_column(t, "function", COLUMN_CUT_END);
        return;
    }
    m->label = table_column(t, "function", COLUMN_CUT_END);
    m->place = table_column(t, "defined in", COLUMN_CUT_START);
}

/* The label of a line is that of its function and `file.lua:12`, of a chunk `file.lua:12 (main chunk)`: the function alone. */
static char *function_of(const struct frame *f)
{
    const char *label = f->label;
    char *place = xformat("%s:%" PRIu64, stack_file_short(f->file), f->line);
    size_t n = strlen(label), place_n = strlen(place);
    char *function;
    if (!strncmp(label, place, place_n))
        function = xstrdup(label + place_n + (label[place_n] == ' '));
    else if (n > place_n && !strcmp(label + n - place_n, place) && label[n - place_n - 1] == ' ')
        function = xstrndup(label, n - place_n - 1);
    else
        function = xstrdup(label);
    free(place);
    return function;
}

static void share_cell(struct table *t, unsigned column, double part, double whole)
{
    table_cellf(t, column, "%.1f%%", whole > 0 ? 100 * part / whole : 0);
}

static void row_print(const struct stack_hot *h, const struct hot_columns *m, struct table *t,
                      const struct frame_sum *s)
{
    const struct frame *f = &h->tree.frame[s->frame];
    double whole = (double)h->quality.weight;
    table_row(t, TABLE_NO_PARENT);
    share_cell(t, m->self, (double)s->self, whole);
    share_cell(t, m->error, stack_error(&h->quality, s->self), whole);
    cell_ns(t, m->self_time, (double)s->self);
    share_cell(t, m->total, (double)s->total, whole);
    cell_ns(t, m->total_time, (double)s->total);
    if (m->kind != m->self)
        table_cell(t, m->kind, frame_kind_name(f->kind));
    char *function = m->kind == m->self ? function_of(f) : xstrdup(f->label);
    table_cell(t, m->label, function);
    if (f->line)
        table_cellf(t, m->place, "%s:%" PRIu64, f->file, f->line);
    else
        table_cell(t, m->place, f->file);
    free(function);
}

static void hot_print(const struct stack_hot *h, const struct report_options *o,
                      const struct canvas *c, int lines)
{
    struct hot_columns m;
    struct table *t = table_new();
    size_t *row, n = stack_hot_pick(h, o->filter, lines, &row);
    size_t shown = n < o->top ? n : o->top;
    columns(&m, t, lines);
    for (size_t i = 0; i < shown; i++)
        row_print(h, &m, t, &h->sums.row[row[i]]);
    if (shown) {
        fputc('\n', c->out);
        table_print(t, c);
        page_more(c, n - shown, lines ? "lines" : "functions");
    }
    table_free(t);
    free(row);
}

static void states_print(const struct stack_quality *q, const struct canvas *c)
{
    char text[400], share[HUMAN_MAX], time[HUMAN_MAX];
    size_t n = 0;
    for (unsigned i = 0; i < STATE_N && n < sizeof text; i++) {
        if (!q->state_weight[i])
            continue;
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s (%s)", n ? ", " : "",
                              stack_state_name(i),
                              human_share(share, (double)q->state_weight[i], (double)q->weight),
                              human_ns(time, (double)q->state_weight[i]));
    }
    page_field(c, TONE_PLAIN, "time in", text);
    if (q->gc_hidden && q->lua_n)
        page_field(c, TONE_PLAIN, "",
                   "the collector is not found in this Lua: steps of the collector that Lua code "
                   "set off are "
                   "within [vm], and counted as Lua code");
}

static const char *its(uint64_t n)
{
    return n == 1 ? "its" : "their";
}

static void unsure_print(const struct stack_quality *q, const struct canvas *c)
{
    char text[300], a[HUMAN_NOUN_MAX], b[HUMAN_NOUN_MAX];
    if (q->lua_n) {
        snprintf(text, sizeof text, "%s of %s of running Lua functions (%.1f%%)",
                 human_count(a, q->lua_n - q->stale_n),
                 human_nouns(b, q->lua_n, "sample", "samples"),
                 100.0 * (double)(q->lua_n - q->stale_n) / (double)q->lua_n);
        page_field(c, TONE_PLAIN, "exact lines", text);
    }
    if (q->no_native_n) {
        snprintf(text, sizeof text, "%s: only %s Lua functions are known",
                 human_nouns(a, q->no_native_n, "sample", "samples"), its(q->no_native_n));
        page_field(c, TONE_WARNING, "no C stack", text);
    }
    if (q->busy_n) {
        snprintf(text, sizeof text, "%s: Lua's stack was being changed just then",
                 human_nouns(a, q->busy_n, "sample", "samples"));
        page_field(c, TONE_WARNING, "no Lua stack", text);
    }
    if (q->cut_n) {
        snprintf(text, sizeof text, "%s: %s outermost frames are not known",
                 human_nouns(a, q->cut_n, "sample", "samples"), its(q->cut_n));
        page_field(c, TONE_WARNING, "too deep", text);
    }
}

static const char *mechanism(uint64_t m)
{
    return m == SAMPLER_PERF ? "perf_event_open" : m == SAMPLER_TIMER ? "timers" : "?";
}

static void cost_print(struct digest *d, const struct canvas *c)
{
    const struct rec_sampler *s = &d->process->sampler;
    uint64_t under = stack_handler_under_us(d->process, 0.99); /* the end of a bucket */
    char mean[HUMAN_MAX], most[HUMAN_MAX], text[200];
    human_ns(mean, (double)s->handler_ns / (double)s->handler_n);
    human_ns(most, (double)s->handler_max_ns);
    if (under && under * 1000 <= s->handler_max_ns)
        snprintf(text, sizeof text, "%s a sample, 99%% in less than %" PRIu64 " us, %s at most",
                 mean, under, most);
    else
        snprintf(text, sizeof text, "%s a sample, %s at most", mean, most);
    page_field(c, TONE_PLAIN, "taking it", text);
}

/* Ticks that come late stand for several periods: the true rate is that of the samples. */
static void rate_print(struct digest *d, const struct stack_quality *q, const struct canvas *c)
{
    const struct rec_sampler *s = &d->process->sampler;
    char n[HUMAN_NOUN_MAX], time[HUMAN_MAX], each[HUMAN_MAX], text[300];
    uint64_t ran_n = q->samples_n - q->waiting_n;
    double each_ns = ran_n ? (double)(q->weight - q->state_weight[STATE_WAITING]) / (double)ran_n
                           : (double)stack_distance_ns(d->process);
    snprintf(text, sizeof text, "%s of %s, %s: one each %s%s (%.0f Hz%s), by %s",
             human_nouns(n, q->samples_n, "sample", "samples"),
             s->clock == CLOCK_WALL ? "wall time"
             : s->system_too        ? "CPU time"
                                    : "CPU time (without the kernel's)",
             human_ns(time, (double)q->weight), human_ns(each, each_ns),
             s->clock == CLOCK_WALL ? " at work, waiting is measured" : "", 1e9 / each_ns,
             each_ns > 1.5 * (double)stack_distance_ns(d->process)
                 ? ", as fine as the kernel's ticks"
                 : "",
             mechanism(s->mechanism));
    page_field(c, TONE_PLAIN, "sampled", text);
    if (s->handler_n)
        cost_print(d, c);
}

static void none_print(const struct process *p, const struct canvas *c)
{
    const struct rec_sampler *s = &p->sampler;
    uint64_t cpu_ns = process_cpu_ns(p);
    char used[HUMAN_MAX], each[HUMAN_MAX], text[300];
    human_ns(each, (double)stack_distance_ns(p));
    snprintf(text, sizeof text, "nothing%s%s: one sample is due each %s%s%s",
             cpu_ns ? "; the program used CPU time of " : "",
             cpu_ns ? human_ns(used, (double)cpu_ns) : "", each,
             s->system_too ? "" : " of the time outside the kernel",
             s->mechanism == SAMPLER_TIMER ? ", at the kernel's ticks, mostly 4 ms apart" : "");
    page_field(c, TONE_PLAIN, "sampled", text);
}

static const char *title(const struct process *p)
{
    return p->sampler.clock == CLOCK_WALL ? "Wall time" : "CPU time";
}

void text_cpu(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct stack_hot h;
    if (!d->process->samples.n) {
        if (d->process->sampler.asked_hz) {
            page_heading(c, title(d->process), "");
            none_print(d->process, c);
        }
        return;
    }
    stack_hot_build(&h, d->process, d->symbols, BY_FUNCTION);
    page_heading(c, title(d->process),
                 "self: in the function itself, with [vm]; +-: standard error of a sample");
    rate_print(d, &h.quality, c);
    states_print(&h.quality, c);
    unsure_print(&h.quality, c);
    hot_print(&h, o, c, 0);
    stack_hot_release(&h);
    stack_hot_build(&h, d->process, d->symbols, BY_LINE);
    hot_print(&h, o, c, 1);
    stack_hot_release(&h);
}
