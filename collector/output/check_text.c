/* check_text: one line for each rule, the worst first, and a line that sums up. */
#include <stdlib.h>

#include "collector/output/check_output.h"
#include "collector/util/xalloc.h"

/* With the head, the line of what is left out and the sum: 40. */
enum { ROWS_MAX = 36 };

static const char *const colors[VERDICT_N] = {[VERDICT_FAIL] = "red",
                                              [VERDICT_INCOMPLETE] = "magenta",
                                              [VERDICT_WARN] = "yellow",
                                              [VERDICT_UNTESTED] = "cyan"};

struct columns {
    unsigned verdict, rule, measured, limit, excess, place;
};

static char *notes(const struct finding *f, int many)
{
    const char *reason = check_reason(f);
    const char *message = f->excess > 0 && f->rule->message ? f->rule->message : "";
    char *place = check_place(f);
    char *pid = many && f->digest ? xformat("process %u", f->digest->process->pid) : xstrdup("");
    const char *part[] = {place, pid, f->m.lower_bound && f->digest ? "at least" : "", reason,
                          message};
    char *text = xstrdup("");
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        char *longer = xformat("%s%s%s", text, *text && *part[i] ? "; " : "", part[i]);
        free(text);
        text = longer;
    }
    free(place);
    free(pid);
    return text;
}

static void row(struct table *t, const struct columns *c, const struct finding *f, int many)
{
    char text[HUMAN_MAX], share[HUMAN_MAX];
    enum quantity q = f->rule->metric->quantity;
    table_row(t, TABLE_NO_PARENT);
    table_cell(t, c->verdict, verdict_name(f->verdict));
    table_cell(t, c->rule, f->rule->name);
    if (f->bound) {
        table_cell(t, c->measured, quantity_show(text, q, f->value));
        table_cellf(t, c->limit, "%s%s", f->below ? ">= " : "", f->bound->text);
    }
    if (f->excess > 0) {
        check_share(share, f);
        table_cellf(t, c->excess, "%s%s%s", quantity_show(text, q, f->excess), *share ? " " : "",
                    share);
    }
    char *note = notes(f, many);
    table_cell(t, c->place, note);
    free(note);
    if (colors[f->verdict])
        table_row_color(t, colors[f->verdict]);
}

static void sum(const struct check_report *r, const struct canvas *c)
{
    static const enum verdict order[] = {VERDICT_FAIL,     VERDICT_INCOMPLETE, VERDICT_WARN,
                                         VERDICT_UNTESTED, VERDICT_PASS,       VERDICT_OFF};
    const char *between = ": ";
    fprintf(c->out, "%s: %zu rules of %s, %zu process%s", check_word(r), r->findings->n,
            r->budget->path, r->digest_n, r->digest_n == 1 ? "" : "es");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (!r->findings->count[order[i]])
            continue;
        fprintf(c->out, "%s%zu %s", between, r->findings->count[order[i]], verdict_name(order[i]));
        between = ", ";
    }
    fputc('\n', c->out);
}

void check_text(const struct check_report *r, const struct canvas *c)
{
    const struct findings *f = r->findings;
    size_t shown = r->all || f->n <= ROWS_MAX ? f->n : ROWS_MAX;
    size_t *order = check_order(f);
    struct table *t = table_new();
    struct columns k;
    k.verdict = table_column(t, "verdict", 0);
    k.rule = table_column(t, "rule", COLUMN_CUT_END);
    k.measured = table_column(t, "measured", COLUMN_RIGHT);
    k.limit = table_column(t, "limit", COLUMN_RIGHT);
    k.excess = table_column(t, "beyond", COLUMN_RIGHT);
    k.place = table_column(t, "most of it, remarks", COLUMN_CUT_END);
    for (size_t i = 0; i < shown; i++)
        row(t, &k, &f->at[order[i]], r->digest_n > 1);
    table_print(t, c);
    table_free(t);
    if (shown < f->n)
        fprintf(c->out, "and %zu more rules (--all shows them)\n", f->n - shown);
    sum(r, c);
    free(order);
}
