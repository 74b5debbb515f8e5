/* bench_text: `modprof bench` for people: figures, comparisons, notes, and a line that sums up. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/bench_output.h"
#include "collector/output/text_page.h"
#include "collector/util/escape.h"
#include "collector/util/xalloc.h"

char *bench_show(char *out, const char *unit, double value)
{
    char count[HUMAN_MAX];
    if (!strcmp(unit, "ns"))
        return human_ns(out, value);
    if (!strcmp(unit, "bytes"))
        return human_bytes(out, value);
    if (value >= 1000 && value < 1e15)
        snprintf(out, HUMAN_MAX, "%s", human_count(count, (uint64_t)llround(value)));
    else
        snprintf(out, HUMAN_MAX, "%.4g", value);
    if (strcmp(unit, "count") != 0) {
        size_t n = strlen(out);
        snprintf(out + n, HUMAN_MAX - n, "%s%s", *unit == '/' ? "" : " ", unit);
    }
    return out;
}

/* ---- the head ---- */

static void command_field(const struct canvas *c, const char *label,
                          const struct bench_command *command)
{
    if (!command->argc)
        return;
    char *text = escape_text(command->text, strlen(command->text));
    page_field(c, TONE_PLAIN, label, text);
    free(text);
}

static void runs_field(const struct bench *b, const struct canvas *c)
{
    char *traced = b->traced_rounds ? xformat("%s%zu under the shim", b->rounds ? ", and " : "",
                                              b->traced_rounds)
                                    : xstrdup("");
    char *plain = b->rounds ? xformat("%zu%s, after %zu to warm up", b->rounds,
                                      b->command[SIDE_REFERENCE].argc ? " of each, in turn" : "",
                                      b->plan.warmups)
                            : xstrdup("");
    char *text = xformat("%s%s", plain, traced);
    page_field(c, TONE_PLAIN, "runs", *text ? text : "none");
    free(text);
    free(plain);
    free(traced);
}

static void head(const struct bench_report *r, const struct canvas *c)
{
    const struct bench *b = r->judgement->bench;
    command_field(c, "app", &b->command[SIDE_APP]);
    command_field(c, "reference", &b->command[SIDE_REFERENCE]);
    if (r->baseline) {
        char *text = xformat("baseline %s, %s", r->baseline, r->baseline_text);
        page_field(c, TONE_PLAIN, "reference", text);
        free(text);
    }
    runs_field(b, c);
    page_field(c, TONE_PLAIN, "machine", r->machine);
    if (*r->commit) {
        char *text = xformat("%.10s%s", r->commit, r->dirty ? ", with changes" : "");
        page_field(c, TONE_PLAIN, "commit", text);
        free(text);
    }
    fputc('\n', c->out);
}

/* ---- figures ---- */

/* All in one table where there is room; else the first five, and the rest below. */
enum { FIGURE_N = 9, FIGURES_FIRST = 5, WIDTH_OF_ALL = 120 };
static const char *const figure_titles[FIGURE_N] = {"median", "95% low", "high", "min", "max",
                                                    "mean",   "sd",      "p95",  "p99"};

struct figures {
    struct table *t;
    int from, to; /* which */
    unsigned column[4 + FIGURE_N];
};

static void figures_row(const struct figures *f, const struct bench *b, const struct bench_row *row,
                        int side)
{
    struct table *t = f->t;
    const unsigned *column = f->column;
    const struct describe *d = &row->side[side].d;
    const double figure[FIGURE_N] = {d->median, d->ci.low, d->ci.high, d->min, d->max,
                                     d->mean,   d->sd,     d->p95,     d->p99};
    char text[HUMAN_MAX];
    if (!d->n)
        return;
    table_row(t, TABLE_NO_PARENT);
    table_cell(t, column[0], row->metric->name);
    if (b->value[row->value].text)
        table_cell(t, column[1], b->value[row->value].text);
    if (b->compared)
        table_cell(t, column[2], bench_side_name((enum bench_side)side));
    table_cellf(t, column[3], "%zu", d->n);
    for (int i = f->from; i < f->to; i++)
        table_cell(t, column[4 + i], bench_show(text, row->metric->unit, figure[i]));
}

static void figures_table(const struct bench_judgement *j, const struct canvas *c, int from, int to)
{
    const struct bench *b = j->bench;
    struct figures f = {.t = table_new(), .from = from, .to = to};
    f.column[0] = table_column(f.t, "metric", COLUMN_CUT_END);
    f.column[1] = table_column(f.t, b->param ? b->param : "", COLUMN_RIGHT);
    f.column[2] = table_column(f.t, "of", 0);
    f.column[3] = table_column(f.t, "runs", COLUMN_RIGHT);
    for (int i = from; i < to; i++)
        f.column[4 + i] = table_column(f.t, figure_titles[i], COLUMN_RIGHT);
    for (size_t i = 0; i < j->row_n; i++) {
        figures_row(&f, b, &j->row[i], SIDE_REFERENCE);
        figures_row(&f, b, &j->row[i], SIDE_APP);
    }
    table_print(f.t, c);
    table_free(f.t);
}

static void figures_tables(const struct bench_judgement *j, const struct canvas *c)
{
    if (c->width >= WIDTH_OF_ALL) {
        figures_table(j, c, 0, FIGURE_N);
        return;
    }
    figures_table(j, c, 0, FIGURES_FIRST);
    fputc('\n', c->out);
    figures_table(j, c, FIGURES_FIRST, FIGURE_N);
}

/* ---- comparisons ---- */

static char *change_show(char *out, double ratio)
{
    if (isinf(ratio))
        return strcpy(out, "from 0");
    snprintf(out, HUMAN_MAX, ratio >= 10 ? "x%.3g" : "%+.1f%%",
             ratio >= 10 ? ratio : 100 * (ratio - 1));
    return out;
}

static void comparison_row(struct table *t, const struct bench *b, const struct bench_row *row,
                           const unsigned *column)
{
    static const char *const color[] = {[VERSUS_PASS] = NULL,
                                        [VERSUS_BETTER] = "green",
                                        [VERSUS_REGRESSED] = "red",
                                        [VERSUS_UNSTABLE] = "magenta"};
    const struct versus *v = &row->versus;
    char text[HUMAN_MAX];
    if (!row->compared)
        return;
    table_row(t, TABLE_NO_PARENT);
    table_cell(t, column[0], row->metric->name);
    if (b->value[row->value].text)
        table_cell(t, column[1], b->value[row->value].text);
    table_cell(t, column[2], change_show(text, v->ratio));
    table_cell(t, column[3], change_show(text, v->ci.low));
    table_cell(t, column[4], change_show(text, v->ci.high));
    if (v->p < 0.0001)
        table_cell(t, column[5], "<0.0001");
    else
        table_cellf(t, column[5], "%.4f", v->p);
    table_cell(t, column[6],
               row->metric->judged ? versus_verdict_name(v->verdict) : "(not judged)");
    if (row->metric->judged && color[v->verdict])
        table_row_color(t, color[v->verdict]);
}

static void comparison_table(const struct bench_judgement *j, const struct canvas *c)
{
    const struct bench *b = j->bench;
    struct table *t = table_new();
    const unsigned column[] = {table_column(t, "app against reference", COLUMN_CUT_END),
                               table_column(t, b->param ? b->param : "", COLUMN_RIGHT),
                               table_column(t, "change", COLUMN_RIGHT),
                               table_column(t, "95% low", COLUMN_RIGHT),
                               table_column(t, "high", COLUMN_RIGHT),
                               table_column(t, "p", COLUMN_RIGHT),
                               table_column(t, "verdict", 0)};
    for (size_t i = 0; i < j->row_n; i++)
        comparison_row(t, b, &j->row[i], column);
    if (table_rows(t))
        fputc('\n', c->out);
    table_print(t, c);
    table_free(t);
}

/* ---- notes and the sum ---- */

static void note(void *ctx, int warning, const char *sentence)
{
    char *clean = escape_text(sentence, strlen(sentence));
    page_note(ctx, warning ? TONE_WARNING : TONE_PLAIN, clean);
    free(clean);
}

static void sum_up(const struct bench_report *r, const struct canvas *c)
{
    const struct bench_judgement *j = r->judgement;
    const struct versus_rule *rule = &j->bench->plan.rule;
    size_t n[VERSUS_UNSTABLE + 1] = {0}, missing = 0;
    if (!j->bench->compared)
        return;
    for (size_t i = 0; i < j->row_n; i++) {
        const struct bench_row *row = &j->row[i];
        if (row->metric->judged && row->compared)
            n[row->versus.verdict]++;
        missing += row->metric->judged && !row->compared;
    }
    fputc('\n', c->out);
    char *text = xformat(
        "%s: %zu pass, %zu better, %zu regressed, %zu without a verdict (threshold %.3g%%, to be "
        "found %.3g%%)",
        bench_verdict_name(j->verdict), n[VERSUS_PASS], n[VERSUS_BETTER], n[VERSUS_REGRESSED],
        n[VERSUS_UNSTABLE] + missing, 100 * rule->threshold, 100 * rule->detect);
    page_note(c, TONE_PLAIN, text);
    free(text);
}

void bench_text(const struct bench_report *r, const struct canvas *c)
{
    struct canvas wide = *c;
    head(r, c);
    figures_tables(r->judgement, c);
    comparison_table(r->judgement, c);
    fputc('\n', c->out);
    bench_notes(r, note, &wide);
    sum_up(r, c);
}
