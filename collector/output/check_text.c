/* check_text: one line for each rule, the worst first, and a line that sums up. */
#include <stdlib.h>
#include <string.h>

#include "collector/output/check_output.h"
#include "collector/util/escape.h"
#include "collector/util/xalloc.h"

/* With the head, the line of what is left out and the sum: 40. */
enum { ROWS_MAX = 36 };

static const char *const colors[VERDICT_N] = {
    [VERDICT_FAIL] = "red",        [VERDICT_INCOMPLETE] = "magenta", [VERDICT_UNSTABLE] = "magenta",
    [VERDICT_MISSING] = "magenta", [VERDICT_WARN] = "yellow",        [VERDICT_UNTESTED] = "cyan"};

struct columns {
    unsigned verdict, rule, measured, limit, excess, place;
    size_t name_max; /* characters of a rule's name; 0: all */
};

/* The name matters more than the remarks, which get what is left. */
enum { NAME_SHARE = 40, NAME_LEAST = 24 };

static size_t name_max(const struct canvas *c)
{
    size_t n = c->width * NAME_SHARE / 100;
    return !c->cut ? 0 : n > NAME_LEAST ? n : NAME_LEAST;
}

/* Ends a name of more than MAX characters with three dots. */
static void name_cut(char *name, size_t max)
{
    size_t n = 0;
    char *end = name;
    for (char *at = name; max && *at; at++) {
        if ((*at & 0xc0) == 0x80)
            continue;
        if (n == max - 3)
            end = at;
        if (++n > max) {
            strcpy(end, "...");
            return;
        }
    }
}

/* Which of the runs is meant, where there are several, and of which command (MANY: there is more than one). */
static char *run_text(const struct finding *f, int many)
{
    if (!f->digest)
        return xstrdup("");
    const char *of = many ? " of " : "", *name = many ? run_group_name(f->group) : "";
    if (f->run_n > 1)
        return xformat("median of %zu runs%s%s", f->run_n, of, name);
    if (f->group->n > 1)
        return xformat("process %u%s%s", f->digest->process->pid, of, name);
    return xstrdup(name);
}

static char *notes(const struct finding *f, int many)
{
    const char *reason = check_reason(f);
    const char *say = f->excess > 0 && f->rule->message ? f->rule->message : "";
    char *message = escape_text(say, strlen(say));
    char *place = check_place(f), *run = run_text(f, many), *change = check_change(f);
    const char *part[] = {place,  run,    change, f->m.lower_bound && f->digest ? "at least" : "",
                          reason, message};
    char *text = xstrdup("");
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        char *longer = xformat("%s%s%s", text, *text && *part[i] ? "; " : "", part[i]);
        free(text);
        text = longer;
    }
    free(place);
    free(run);
    free(change);
    free(message);
    return text;
}

static void row(struct table *t, const struct columns *c, const struct finding *f, int many)
{
    char text[HUMAN_MAX], share[HUMAN_MAX];
    table_row(t, TABLE_NO_PARENT);
    table_cell(t, c->verdict, verdict_name(f->verdict));
    char *name = escape_text(f->rule->name, strlen(f->rule->name));
    name_cut(name, c->name_max);
    table_cell(t, c->rule, name);
    free(name);
    if (f->digest && f->m.n)
        table_cell(t, c->measured, rule_show(text, f->rule, f->value));
    if (f->bound)
        table_cellf(t, c->limit, "%s%s", f->below ? ">= " : "", f->bound->text);
    if (f->excess > 0) {
        check_share(share, f);
        table_cellf(t, c->excess, "%s%s%s", rule_show(text, f->rule, f->excess), *share ? " " : "",
                    share);
    }
    char *note = notes(f, many);
    table_cell(t, c->place, note);
    free(note);
    if (colors[f->verdict])
        table_row_color(t, colors[f->verdict]);
}

/* "1 process", "5 runs", "6 processes of 2 commands". */
static char *runs_text(const struct check_report *r)
{
    size_t n = r->digest_n, commands = r->groups->n;
    if (n == 1)
        return xstrdup("1 process");
    if (commands == 1 && !r->groups->at[0].forked)
        return xformat("%zu runs", n);
    return xformat("%zu processes of %zu command%s", n, commands, commands == 1 ? "" : "s");
}

static void sum(const struct check_report *r, const struct canvas *c)
{
    const char *between = ": ";
    char *runs = runs_text(r);
    fprintf(c->out, "%s: %zu rule%s of %s, %s", check_word(r), r->findings->n,
            r->findings->n == 1 ? "" : "s", r->budget->path, runs);
    if (r->baseline && r->baseline->about)
        fprintf(c->out, ", baseline %s %s", r->baseline->name, r->baseline->about);
    for (size_t i = 0; i < VERDICT_N; i++) {
        size_t n = r->findings->count[check_verdicts[i]];
        if (!n)
            continue;
        fprintf(c->out, "%s%zu %s", between, n, verdict_name(check_verdicts[i]));
        between = ", ";
    }
    fputc('\n', c->out);
    free(runs);
}

void check_text(const struct check_report *r, const struct canvas *c)
{
    const struct findings *f = r->findings;
    size_t shown = r->all || f->n <= ROWS_MAX ? f->n : ROWS_MAX;
    size_t *order = check_order(f);
    struct table *t = table_new();
    struct columns k;
    k.verdict = table_column(t, "verdict", 0);
    k.rule = table_column(t, "rule", 0);
    k.name_max = name_max(c);
    k.measured = table_column(t, "measured", COLUMN_RIGHT);
    k.limit = table_column(t, "limit", COLUMN_RIGHT);
    k.excess = table_column(t, "beyond", COLUMN_RIGHT);
    k.place = table_column(t, "largest part, remarks", COLUMN_CUT_END);
    for (size_t i = 0; i < shown; i++)
        row(t, &k, &f->at[order[i]], r->groups->n > 1);
    table_print(t, c);
    table_free(t);
    if (shown < f->n)
        fprintf(c->out, "and %zu more rules (--all shows them)\n", f->n - shown);
    sum(r, c);
    free(order);
}
