/* diff_text: a comparison for people.  See diff_output.h. */
#include "collector/output/diff_output.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "collector/output/text_page.h"
#include "collector/util/human.h"

enum { LINE_MAX_BYTES = 600 };

static const char *amount(const struct diff_section *s, char out[HUMAN_MAX], double v)
{
    if (s->quantity == QUANTITY_COUNT && v < 0) {
        out[0] = '-';
        human_count(out + 1, (uint64_t)(-v + 0.5));
        return out;
    }
    return quantity_show(out, s->quantity, v);
}

static const char *change(const struct diff_section *s, char out[HUMAN_MAX + 1], double v)
{
    out[0] = '+';
    amount(s, out + 1, v);
    return v < 0 || out[1] == '-' ? out + 1 : out;
}

/* ---- the sides ---- */

static void side_print(const struct diff_report *r, int side, const struct canvas *c)
{
    const struct diff_side *s = &r->side[side];
    char text[LINE_MAX_BYTES];
    const struct diff_run *first = &s->run[0];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", first->path);
    if (first->n && n < sizeof text)
        n += (size_t)snprintf(text + n, sizeof text - n, "  %s", digest_command(first->digest[0]));
    if (s->n > 1 && n < sizeof text)
        snprintf(text + n, sizeof text - n, ", and %zu more: values are means of %zu runs",
                 s->n - 1, s->n);
    page_field(c, TONE_PLAIN, side == SIDE_A ? "A" : "B", text);
}

static const char *queued_show(char buf[HUMAN_MAX], double ns)
{
    return ns < 0 ? "unknown" : human_ns(buf, ns);
}

/* What wall-clock times of one run a side have to differ by. */
static void queued_print(const struct diff_report *r, const struct canvas *c)
{
    const double least_ns = 1e6;
    char a[HUMAN_MAX], b[HUMAN_MAX], text[LINE_MAX_BYTES];
    const struct diff *d = r->diff;
    size_t i = 0;
    while (i < d->n &&
           fmax(d->section[i].queued_ns[SIDE_A], d->section[i].queued_ns[SIDE_B]) < least_ns)
        i++;
    if (i == d->n || r->side[SIDE_A].n + r->side[SIDE_B].n > 2)
        return;
    snprintf(
        text, sizeof text,
        "for a processor: A %s, B %s; on a busy machine: a time on the clock of one run a side "
        "is no news "
        "where it is longer by less than that",
        queued_show(a, d->section[i].queued_ns[SIDE_A]),
        queued_show(b, d->section[i].queued_ns[SIDE_B]));
    page_field(c, TONE_WARNING, "waited", text);
}

/* ---- tables ---- */

struct diff_columns {
    unsigned verdict, a, b, change, error, ratio, share_a, share_b, kind, label, place;
};

static void columns(struct diff_columns *m, struct table *t, const struct diff_section *s,
                    const char *what)
{
    int sampled = s->nature == DIFF_SAMPLED;
    m->verdict = table_column(t, "news", 0);
    m->a = table_column(t, "A", COLUMN_RIGHT);
    m->b = table_column(t, "B", COLUMN_RIGHT);
    m->change = table_column(t, "change", COLUMN_RIGHT);
    m->error = table_column(t, "+-", COLUMN_RIGHT);
    m->ratio = table_column(t, "%", COLUMN_RIGHT);
    if (sampled) {
        m->share_a = table_column(t, "of A", COLUMN_RIGHT);
        m->share_b = table_column(t, "of B", COLUMN_RIGHT);
        m->kind = table_column(t, "kind", 0);
    }
    m->label = table_column(t, what, COLUMN_CUT_END);
    m->place = table_column(t, "defined in", COLUMN_CUT_START);
}

static void amounts(const struct diff_columns *m, struct table *t, const struct diff_section *s,
                    const struct diff_row *r)
{
    char text[HUMAN_MAX + 1];
    double a = r->side[SIDE_A].mean;
    int a_untold = diff_is_untold(s, r, SIDE_A), b_untold = diff_is_untold(s, r, SIDE_B);
    table_cell(t, m->a, a_untold ? "?" : amount(s, text, a));
    table_cell(t, m->b, b_untold ? "?" : amount(s, text, r->side[SIDE_B].mean));
    table_cell(t, m->change, a_untold || b_untold ? "?" : change(s, text, r->change));
    if (r->error > 0)
        table_cell(t, m->error, amount(s, text, r->error));
    if (a > 0 && r->side[SIDE_B].sum > 0)
        table_cellf(t, m->ratio, "%+.1f%%", 100 * r->change / a);
}

static void verdict_cell(struct table *t, unsigned column, const struct diff_section *s,
                         const struct diff_row *r)
{
    static const char *const color[] = {NULL, "red", "green", "red", "green", NULL};
    table_cell(t, column, r->verdict ? diff_verdict_name(r->verdict, s->quantity) : "");
    if (color[r->verdict])
        table_row_color(t, color[r->verdict]);
}

static void row_print(const struct diff_columns *m, struct table *t, const struct diff_section *s,
                      const struct diff_row *r)
{
    table_row(t, TABLE_NO_PARENT);
    verdict_cell(t, m->verdict, s, r);
    amounts(m, t, s, r);
    if (s->nature == DIFF_SAMPLED) {
        table_cellf(t, m->share_a, "%.1f%%", 100 * r->side[SIDE_A].share);
        table_cellf(t, m->share_b, "%.1f%%", 100 * r->side[SIDE_B].share);
        table_cell(t, m->kind, r->kind);
    }
    table_cellf(t, m->label, "%s%s", *r->label ? r->label : s->name,
                r->is_paired ? " (by its lines)" : "");
    if (r->line)
        table_cellf(t, m->place, "%s:%" PRIu64, r->place, r->line);
    else
        table_cell(t, m->place, r->place);
}

static size_t shown_n(const struct diff_report *r, const struct diff_section *s)
{
    return r->all ? s->n : s->n - s->verdict_n[DIFF_SAME];
}

static void rows_print(const struct diff_report *r, const struct diff_section *s, const char *what,
                       const struct canvas *c)
{
    size_t n = shown_n(r, s), shown = n < r->top ? n : r->top;
    struct diff_columns m;
    struct table *t = table_new();
    columns(&m, t, s, what);
    for (size_t i = 0; i < shown; i++)
        row_print(&m, t, s, &s->row[i]);
    if (shown) {
        fputc('\n', c->out);
        table_print(t, c);
        page_more(c, n - shown, "rows");
    }
    table_free(t);
}

/* "2 slower, 1 new; 14 not told apart from noise" */
static void news_print(const struct diff_section *s, const struct canvas *c)
{
    char text[LINE_MAX_BYTES] = "";
    size_t n = 0;
    for (int v = DIFF_MORE; v < DIFF_VERDICT_N; v++)
        if (s->verdict_n[v])
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%zu %s", n ? ", " : "",
                                  s->verdict_n[v],
                                  diff_verdict_name((enum diff_verdict)v, s->quantity));
    if (!n)
        n = (size_t)snprintf(text, sizeof text, "nothing");
    if (s->verdict_n[DIFF_SAME])
        snprintf(text + n, sizeof text - n, "; %zu %s", s->verdict_n[DIFF_SAME],
                 s->nature == DIFF_SAMPLED ? "not told apart from noise" : "the same, or nearly");
    page_field(c, TONE_PLAIN, "news", text);
}

/* ---- sampled time ---- */

/* Of a machine that was slower all the time every function is news. */
static void pace_print(const struct diff_report *r, const struct diff_section *s,
                       const struct canvas *c)
{
    char text[LINE_MAX_BYTES], rest[HUMAN_NOUN_MAX];
    if (!diff_is_of_pace(s, r->options))
        return;
    snprintf(text, sizeof text,
             "B takes x%.2f of A, nearly all of it by that factor (of shares, %s news): a busy "
             "machine, or another one, or more of the same "
             "work looks like that; `--compare share` leaves it out",
             s->whole[SIDE_B] / s->whole[SIDE_A],
             !s->share_news_n ? "nothing is"
                              : human_nouns(rest, s->share_news_n, "row is", "rows are"));
    page_field(c, TONE_WARNING, "pace", text);
}

static void whole_print(const struct diff_section *s, int side, const struct canvas *c)
{
    char time[HUMAN_MAX], n[HUMAN_MAX], text[LINE_MAX_BYTES];
    snprintf(text, sizeof text, "%s a run, %s samples%s", human_ns(time, s->whole[side]),
             human_count(n, s->samples[side]), s->run_n[side] > 1 ? " in all runs" : "");
    page_field(c, TONE_PLAIN, side == SIDE_A ? "A" : "B", text);
}

static void test_print(const struct diff_report *r, const struct diff_section *s,
                       const struct canvas *c)
{
    int several = s->run_n[SIDE_A] + s->run_n[SIDE_B] > 2;
    char text[LINE_MAX_BYTES];
    snprintf(text, sizeof text,
             "%s that differ by more than %.0f%%: exact conditional test of the samples%s, "
             "at most %.3g%% false news (Benjamini-Hochberg, %zu tested)",
             r->options->shares ? "shares" : "times", 100 * diff_margin(s, r->options),
             several ? ", and t test of the scatter of the runs" : "", 100 * r->options->level,
             s->tested_n);
    page_field(c, TONE_PLAIN, "tested", text);
    if (!several)
        page_field(c, TONE_PLAIN, "",
                   "one run a side: how much runs differ by themselves is not known "
                   "(more of them: modprof diff A1 A2 A3 --vs B1 B2 B3)");
}

static void sampled_print(const struct diff_report *r, const struct diff_section *s,
                          const struct canvas *c)
{
    char title[80];
    const char *by = diff_by_name(r->options->choice.by);
    snprintf(title, sizeof title, "%s by %s", s->title, by);
    title[0] = title[0] == 'w' ? 'W' : title[0];
    page_heading(c, title, r->options->total ? "with what it calls" : "self");
    whole_print(s, SIDE_A, c);
    whole_print(s, SIDE_B, c);
    news_print(s, c);
    pace_print(r, s, c);
    test_print(r, s, c);
    rows_print(r, s, by, c);
}

/* ---- what is not sampled ---- */

static int is_whole(const struct diff_section *s)
{
    return s->n == 1 && !*s->row[0].label;
}

/* One line for each figure of the whole process. */
static void wholes_print(const struct diff_report *r, const struct canvas *c)
{
    struct table *t = table_new();
    const char *doubt = NULL;
    unsigned verdict = table_column(t, "news", 0);
    struct diff_columns m = {.verdict = verdict};
    m.a = table_column(t, "A", COLUMN_RIGHT);
    m.b = table_column(t, "B", COLUMN_RIGHT);
    m.change = table_column(t, "change", COLUMN_RIGHT);
    m.error = table_column(t, "+-", COLUMN_RIGHT);
    m.ratio = table_column(t, "%", COLUMN_RIGHT);
    m.label = table_column(t, "metric", 0);
    m.place = table_column(t, "", COLUMN_CUT_END);
    for (size_t i = 0; i < r->diff->n; i++) {
        const struct diff_section *s = &r->diff->section[i];
        if (!diff_shows(r, s) || !is_whole(s) || (s->whole[SIDE_A] == 0 && s->whole[SIDE_B] == 0))
            continue;
        doubt = doubt ? doubt : s->doubt;
        table_row(t, TABLE_NO_PARENT);
        verdict_cell(t, verdict, s, &s->row[0]);
        amounts(&m, t, s, &s->row[0]);
        table_cell(t, m.label, s->name);
        table_cell(t, m.place, s->title);
    }
    if (table_rows(t)) {
        page_heading(c, "The whole process", "per run");
        if (doubt)
            page_field(c, TONE_WARNING, "too low?", doubt);
        table_print(t, c);
    }
    table_free(t);
}

static void exact_print(const struct diff_report *r, const struct diff_section *s,
                        const struct canvas *c)
{
    if (!shown_n(r, s))
        return;
    page_heading(c, s->name, s->title);
    if (s->doubt)
        page_field(c, TONE_WARNING, "too low?", s->doubt);
    news_print(s, c);
    rows_print(r, s, "place", c);
}

void diff_text(const struct diff_report *r, const struct canvas *c)
{
    int silent = 1;
    side_print(r, SIDE_A, c);
    side_print(r, SIDE_B, c);
    queued_print(r, c);
    if (r->diff->clock_doubt)
        page_field(c, TONE_WARNING, "no samples", r->diff->clock_doubt);
    for (size_t i = 0; i < r->diff->n; i++)
        if (r->diff->section[i].nature == DIFF_SAMPLED && diff_shows(r, &r->diff->section[i]))
            sampled_print(r, &r->diff->section[i], c);
    wholes_print(r, c);
    for (size_t i = 0; i < r->diff->n; i++) {
        const struct diff_section *s = &r->diff->section[i];
        if (s->nature == DIFF_SAMPLED || is_whole(s) || !diff_shows(r, s))
            continue;
        silent &= !shown_n(r, s);
        exact_print(r, s, c);
    }
    if (silent && !r->only)
        page_note(
            c, TONE_PLAIN,
            "Loads of modules, memory, and calls across the Lua/C border are the same, or nearly.");
}
