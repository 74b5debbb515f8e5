/* history_text: `modprof history` for people: which series there are, or one over time, with its changes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/bench_output.h"
#include "collector/output/history_output.h"
#include "collector/output/text_page.h"
#include "collector/util/escape.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

static void cell_clean(struct table *t, unsigned column, const char *text)
{
    char *clean = escape_text(text, strlen(text));
    table_cell(t, column, clean);
    free(clean);
}

static void field_clean(const struct canvas *c, const char *label, const char *text)
{
    char *clean = escape_text(text, strlen(text));
    page_field(c, TONE_PLAIN, label, clean);
    free(clean);
}

static const char *change_show(char *out, const struct change_point *p)
{
    double relative = timeline_relative(p);
    if (isinf(relative))
        return "from 0";
    snprintf(out, HUMAN_MAX, "%+.1f%%", 100 * relative);
    return out;
}

static const char *commit_show(char *out, const char *commit, int dirty)
{
    snprintf(out, HUMAN_MAX, "%.10s%s", *commit ? commit : "-", dirty ? "+" : "");
    return out;
}

static const char *place_show(const struct store_series *s)
{
    return *s->place ? s->place : s->param;
}

static int has_more_machines(const struct history_report *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->at[i].series.machine, r->machine) != 0)
            return 1;
    return 0;
}

/* ---- the list ---- */

static void list_row(struct table *t, const struct timeline *line, const unsigned *column)
{
    char text[HUMAN_MAX];
    const struct store_series *s = &line->series;
    const struct store_point *last = &line->points.at[line->points.n - 1];
    table_row(t, TABLE_NO_PARENT);
    cell_clean(t, column[0], s->metric);
    cell_clean(t, column[1], place_show(s));
    table_cellf(t, column[2], "%lld", (long long)s->runs);
    table_cellf(t, column[3], "%.16s", human_date(text, (uint64_t)last->at_ns));
    table_cell(t, column[4], bench_show(text, s->unit, last->median));
    if (line->change_n) {
        const struct change_point *change = &line->change[line->change_n - 1];
        table_cell(t, column[5], change_show(text, change));
        table_row_color(t, timeline_worse(line, change) ? "red" : "green");
    }
    cell_clean(t, column[6], s->command);
    if (column[7] < TABLE_COLUMNS_MAX)
        cell_clean(t, column[7], s->machine);
}

static void list(const struct history_report *r, const struct canvas *c)
{
    struct table *t = table_new();
    int machines = has_more_machines(r);
    unsigned column[8] = {
        table_column(t, "metric", COLUMN_CUT_END), table_column(t, "of", COLUMN_CUT_END),
        table_column(t, "runs", COLUMN_RIGHT),     table_column(t, "newest", 0),
        table_column(t, "median", COLUMN_RIGHT),   table_column(t, "change", COLUMN_RIGHT),
        table_column(t, "command", COLUMN_CUT_END)};
    column[7] = TABLE_COLUMNS_MAX; /* none */
    if (machines)
        column[7] = table_column(t, "machine", COLUMN_CUT_END);
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].points.n)
            list_row(t, &r->at[i], column);
    table_print(t, c);
    table_free(t);
}

/* ---- one series ---- */

static const struct change_point *change_at(const struct timeline *line, size_t point)
{
    for (size_t i = 0; i < line->change_n; i++)
        if (line->change[i].at == point)
            return &line->change[i];
    return NULL;
}

static void point_row(struct table *t, const struct timeline *line, size_t i,
                      const unsigned *column)
{
    char text[HUMAN_MAX];
    const struct store_point *p = &line->points.at[i];
    const struct change_point *change = change_at(line, i);
    const char *unit = line->series.unit;
    table_row(t, TABLE_NO_PARENT);
    table_cellf(t, column[0], "%.16s", human_date(text, (uint64_t)p->at_ns));
    cell_clean(t, column[1], commit_show(text, p->commit, p->dirty));
    table_cell(t, column[2], bench_show(text, unit, p->median));
    table_cell(t, column[3], bench_show(text, unit, p->low));
    table_cell(t, column[4], bench_show(text, unit, p->high));
    table_cellf(t, column[5], "%zu", p->n);
    if (change) {
        table_cell(t, column[6], change_show(text, change));
        table_row_color(t, timeline_worse(line, change) ? "red" : "green");
    }
}

static void points_table(const struct history_report *r, const struct timeline *line,
                         const struct canvas *c)
{
    struct table *t = table_new();
    size_t n = line->points.n, from = n > r->shown ? n - r->shown : 0;
    const unsigned column[] = {table_column(t, "date", 0),
                               table_column(t, "commit", 0),
                               table_column(t, "median", COLUMN_RIGHT),
                               table_column(t, "95% low", COLUMN_RIGHT),
                               table_column(t, "high", COLUMN_RIGHT),
                               table_column(t, "runs", COLUMN_RIGHT),
                               table_column(t, "change", COLUMN_RIGHT)};
    for (size_t i = from; i < n; i++)
        point_row(t, line, i, column);
    table_print(t, c);
    table_free(t);
}

static void change_say(const struct timeline *line, const struct change_point *change,
                       const struct canvas *c)
{
    char before[HUMAN_MAX], after[HUMAN_MAX], relative[HUMAN_MAX], commit[HUMAN_MAX],
        date[HUMAN_MAX];
    const struct store_point *p = &line->points.at[change->at];
    char *text = xformat(
        "%s at commit %s, %s: %s to %s, %s (p = %.2g)",
        timeline_worse(line, change) ? "worse" : "better", commit_show(commit, p->commit, p->dirty),
        human_date(date, (uint64_t)p->at_ns), bench_show(before, line->series.unit, change->before),
        bench_show(after, line->series.unit, change->after), change_show(relative, change),
        change->p);
    char *clean = escape_text(text, strlen(text));
    page_note(c, timeline_worse(line, change) ? TONE_WARNING : TONE_PLAIN, clean);
    free(clean);
    free(text);
}

static void series(const struct history_report *r, const struct timeline *line,
                   const struct canvas *c)
{
    const struct store_series *s = &line->series;
    char *metric = xformat("%s%s%s", s->metric, *place_show(s) ? ", " : "", place_show(s));
    char *runs = xformat("%lld", (long long)s->runs);
    field_clean(c, "command", s->command);
    field_clean(c, "metric", metric);
    field_clean(c, "machine", s->machine);
    field_clean(c, "saved runs", runs);
    free(runs);
    free(metric);
    fputc('\n', c->out);
    points_table(r, line, c);
    if (line->points.n)
        fputc('\n', c->out);
    for (size_t i = 0; i < line->change_n; i++)
        change_say(line, &line->change[i], c);
    if (!line->change_n) {
        char *text = xformat("no change of its level in the newest %zu saved runs", line->points.n);
        page_note(c, TONE_PLAIN, text);
        free(text);
    }
}

void history_baselines(const struct history_report *r, const struct canvas *c)
{
    char text[HUMAN_MAX];
    struct table *t = table_new();
    const unsigned column[] = {table_column(t, "baseline", COLUMN_CUT_END),
                               table_column(t, "date", 0), table_column(t, "commit", 0),
                               table_column(t, "command", COLUMN_CUT_END),
                               table_column(t, "machine", COLUMN_CUT_END)};
    for (size_t i = 0; i < r->baselines->n; i++) {
        const struct store_run *run = &r->baselines->at[i].run;
        table_row(t, TABLE_NO_PARENT);
        cell_clean(t, column[0], r->baselines->at[i].name);
        table_cellf(t, column[1], "%.16s", human_date(text, (uint64_t)run->at_ns));
        cell_clean(t, column[2], commit_show(text, run->commit, run->dirty));
        cell_clean(t, column[3], run->command);
        cell_clean(t, column[4], run->machine);
    }
    table_print(t, c);
    table_free(t);
}

void history_text(const struct history_report *r, const struct canvas *c)
{
    if (!r->shown)
        list(r, c);
    for (size_t i = 0; r->shown && i < r->n; i++) {
        if (i)
            fputc('\n', c->out);
        series(r, &r->at[i], c);
    }
    page_more(c, r->more, "--all shows them");
    if (r->elsewhere) {
        char *text = xformat("%zu series of other machines are left out, since times of different "
                             "machines do not compare; --any-machine shows them, each apart",
                             r->elsewhere);
        page_note(c, TONE_PLAIN, text);
        free(text);
    }
}
