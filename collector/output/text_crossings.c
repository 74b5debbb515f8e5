/* text_crossings: calls from Lua into C and back, by function and by module. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/crossing_pick.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

enum { WIDE_FROM = 110 };

struct crossing_columns {
    unsigned label, calls, mean, total, error, timed, up, up_mean, symbol, object;
    int wide;
};

static void columns(struct crossing_columns *m, struct table *t, const char *first)
{
    m->label = table_column(t, first, COLUMN_CUT_END);
    m->calls = table_column(t, "calls", COLUMN_RIGHT);
    m->mean = table_column(t, "mean", COLUMN_RIGHT);
    m->total = table_column(t, "total", COLUMN_RIGHT);
    m->error = table_column(t, "+-", COLUMN_RIGHT);
    m->timed = table_column(t, "timed", COLUMN_RIGHT);
    m->up = table_column(t, "into Lua", COLUMN_RIGHT);
    if (!m->wide)
        return;
    m->up_mean = table_column(t, "mean", COLUMN_RIGHT);
}

static void sampled_cells(const struct crossing_columns *m, struct table *t,
                          const struct sampled *down, const struct sampled *up)
{
    cell_count(t, m->calls, down->n);
    cell_count(t, m->timed, down->timed_n);
    cell_count(t, m->up, up->n);
    if (down->timed_n) {
        cell_ns(t, m->mean, down->mean_ns);
        cell_ns(t, m->total, down->total_ns);
        if (down->error_ns > 0)
            cell_ns(t, m->error, down->error_ns);
        else if (down->error_ns < 0)
            table_cell(t, m->error, "?");
    }
    if (m->wide && up->timed_n)
        cell_ns(t, m->up_mean, up->mean_ns);
}

static const char *object_note(const struct crossing_row *r)
{
    return r->file == SYMBOL_FILE_CHANGED   ? " (changed since)"
           : r->file == SYMBOL_FILE_MISSING ? " (can not be read)"
                                            : "";
}

static void place_cells(const struct crossing_columns *m, struct table *t, struct digest *d,
                        struct crossing_row *r)
{
    crossing_symbol(r, d->process, d->symbols);
    if (r->named) /* else the label is the symbol already */
        table_cell(t, m->symbol, r->symbol);
    table_cellf(t, m->object, "%s%s", r->object, *r->object ? object_note(r) : "");
}

static void functions_print(struct digest *d, const struct crossing_pick *k, const struct canvas *c)
{
    struct crossing_columns m = {.wide = c->width >= WIDE_FROM};
    struct table *t = table_new();
    columns(&m, t, "function");
    if (m.wide) {
        m.symbol = table_column(t, "symbol", COLUMN_CUT_END);
        m.object = table_column(t, "object", COLUMN_CUT_START);
    }
    for (size_t i = 0; i < k->n; i++) {
        table_row(t, TABLE_NO_PARENT);
        table_cell(t, m.label, k->row[i]->label);
        sampled_cells(&m, t, &k->row[i]->down, &k->row[i]->up);
        if (m.wide)
            place_cells(&m, t, d, k->row[i]);
    }
    table_print(t, c);
    table_free(t);
}

static int by_calls(const void *pa, const void *pb)
{
    const struct crossing_module *a = pa, *b = pb;
    uint64_t na = a->down.n + a->up.n, nb = b->down.n + b->up.n;
    return na != nb ? (na > nb ? -1 : 1) : strcmp(a->module, b->module);
}

static void modules_print(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct crossing_columns m = {.wide = c->width >= WIDE_FROM};
    struct crossing_modules all;
    struct table *t = table_new();
    crossing_modules_build(&all, &d->crossings);
    qsort(all.row, all.n, sizeof *all.row, by_calls);
    columns(&m, t, "module");
    unsigned functions = table_column(t, "functions", COLUMN_RIGHT);
    for (size_t i = 0; i < all.n && i < o->top; i++) {
        table_row(t, TABLE_NO_PARENT);
        table_cell(t, m.label, all.row[i].module);
        sampled_cells(&m, t, &all.row[i].down, &all.row[i].up);
        cell_count(t, functions, all.row[i].function_n);
    }
    if (all.n)
        page_heading(c, "Crossings by module", "");
    table_print(t, c);
    page_more(c, all.n > o->top ? all.n - o->top : 0, "modules");
    table_free(t);
    crossing_modules_release(&all);
}

static void unseen_print(const struct digest *d, const struct canvas *c)
{
    uint64_t n = d->process->losses[LOSS_UNSEEN_RETURN];
    char count[HUMAN_MAX];
    if (!n)
        return;
    char *text = xformat("%s of the timed calls did not return (left by an error, a yield or the "
                         "end of the process): they are counted, but have no time.",
                         human_count(count, n));
    page_note(c, TONE_PLAIN, text);
    free(text);
}

static void up_print(const struct digest *d, const struct canvas *c)
{
    const struct rec_up_calls *u = &d->process->up_calls;
    char callk[HUMAN_MAX], pcallk[HUMAN_MAX], resume[HUMAN_MAX], host[HUMAN_MAX];
    if (!u->callk_n && !u->pcallk_n && !u->resume_n)
        return;
    char *text = xformat("From C into Lua: %s by lua_callk, %s by lua_pcallk, %s by lua_resume; of "
                         "these %s by the host itself, outside any C function that Lua called.",
                         human_count(callk, u->callk_n), human_count(pcallk, u->pcallk_n),
                         human_count(resume, u->resume_n), human_count(host, u->host_n));
    page_note(c, TONE_PLAIN, text);
    free(text);
}

void text_crossings(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct crossing_pick k;
    char down[HUMAN_MAX];
    char *remarks = xformat("%s calls from Lua into C (exact); times are of the `timed` calls, "
                            "nested calls included, +- one standard error",
                            human_count(down, d->crossings.down_n));
    crossing_pick(&k, &d->crossings, o->filter, crossing_order_for(o->sort), o->top);
    page_heading(c, "Crossings", remarks);
    functions_print(d, &k, c);
    page_more(c, k.matched_n - k.n, "functions");
    if (!k.matched_n)
        page_note(c, TONE_PLAIN,
                  o->filter ? "No function matches the filter."
                            : "No C function was called by Lua.");
    if (!o->filter) {
        unseen_print(d, c);
        up_print(d, c);
        modules_print(d, o, c);
    }
    crossing_pick_release(&k);
    free(remarks);
}
