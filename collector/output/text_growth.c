/* text_growth: `modprof report --growth MARK1 MARK2`, and the list of marks. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/analyse/memory_growth.h"
#include "collector/output/memory_words.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

enum { WIDE_FROM = 110 };

static const char *signed_bytes(char out[HUMAN_MAX + 2], int64_t bytes)
{
    char text[HUMAN_MAX];
    snprintf(out, HUMAN_MAX + 2, "%s%s", bytes > 0 ? "+" : "", human_bytes(text, (double)bytes));
    return out;
}

static const char *signed_count(char out[HUMAN_MAX + 2], int64_t n)
{
    char text[HUMAN_MAX];
    uint64_t size = n < 0 ? -(uint64_t)n : (uint64_t)n;
    snprintf(out, HUMAN_MAX + 2, "%s%s", n > 0 ? "+" : n < 0 ? "-" : "", human_count(text, size));
    return out;
}

static void growth_row(struct table *t, const struct growth_row *r, int wide)
{
    char text[HUMAN_MAX + 2], kinds[MEMORY_KINDS_MAX];
    const struct memory_row at = {.label = r->label,
                                  .file = r->file,
                                  .line = r->line,
                                  .function = r->function,
                                  .is_lua = r->is_lua};
    table_row(t, TABLE_NO_PARENT);
    table_cell(t, 0, signed_bytes(text, r->to_bytes - r->from_bytes));
    cell_bytes(t, 1, sqrt(r->variance));
    if (r->to_n != r->from_n)
        table_cell(t, 2, signed_count(text, r->to_n - r->from_n));
    cell_bytes(t, 3, (double)r->from_bytes);
    cell_bytes(t, 4, (double)r->to_bytes);
    table_cell(t, 5, alloc_heap_name(r->heap));
    memory_place_cell(t, 6, &at);
    if (!wide)
        return;
    table_cell(t, 7, memory_function_text(&at));
    if (r->heap == HEAP_LUA)
        table_cell(t, 8, memory_kinds_text(kinds, r->kinds));
}

static void rows_print(const struct growth *g, const struct report_options *o,
                       const struct canvas *c)
{
    static const struct {
        const char *title;
        unsigned flags;
    } column[] = {
        {"growth", COLUMN_RIGHT},   {"+-", COLUMN_RIGHT},         {"blocks", COLUMN_RIGHT},
        {"from", COLUMN_RIGHT},     {"to", COLUMN_RIGHT},         {"heap", 0},
        {"line", COLUMN_CUT_START}, {"function", COLUMN_CUT_END}, {"kinds", COLUMN_CUT_END}};
    int wide = c->width >= WIDE_FROM;
    struct table *t = table_new();
    size_t n = 0;
    for (int i = 0; i < (wide ? 9 : 7); i++)
        table_column(t, column[i].title, column[i].flags);
    for (size_t i = 0; i < g->n; i++)
        if ((pattern_match(o->filter, g->row[i].label) ||
             pattern_match(o->filter, g->row[i].file)) &&
            n++ < o->top)
            growth_row(t, &g->row[i], wide);
    table_print(t, c);
    page_more(c, n > o->top ? n - o->top : 0, "lines");
    if (!n)
        page_note(c, TONE_PLAIN, o->filter ? "No line matches the filter." : "No line changed.");
    table_free(t);
}

static const char *mark_name(struct process *p, const struct mark *m)
{
    const char *name = process_display(p, m->about.name);
    return *name ? name : pool_format(&p->pool, "#%" PRIu64, m->about.id);
}

static void heading_print(struct process *p, const struct growth *g, const struct canvas *c)
{
    char lua[HUMAN_MAX + 2], heap[HUMAN_MAX + 2], from[HUMAN_MAX], to[HUMAN_MAX];
    int64_t lua_all = (int64_t)g->to->about.lua_bytes - (int64_t)g->from->about.lua_bytes;
    char *text = xformat("from %s (after %s) to %s (after %s): Lua %s, C %s", mark_name(p, g->from),
                         human_ns(from, (double)process_since_start(p, g->from->about.at_ns)),
                         mark_name(p, g->to),
                         human_ns(to, (double)process_since_start(p, g->to->about.at_ns)),
                         signed_bytes(lua, lua_all),
                         signed_bytes(heap, g->to->about.c_bytes - g->from->about.c_bytes));
    page_heading(c, "Growth", text);
    free(text);
}

/* What lived at M was read later, since the trace could not be written at once. */
static void late_print(struct process *p, const struct mark *m, const struct canvas *c)
{
    enum { LATE_NS = 10 * 1000 * 1000 };
    char after[HUMAN_MAX];
    if (m->about.origin == MARK_FORK || m->about.written_ns < m->about.at_ns + LATE_NS)
        return;
    char *text =
        xformat("What lived at %s was read %s after it: the trace could not be written "
                "at once.",
                mark_name(p, m), human_ns(after, (double)(m->about.written_ns - m->about.at_ns)));
    page_note(c, TONE_WARNING, text);
    free(text);
}

void text_growth(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct process *p = d->process;
    const struct mark *from = growth_mark(p, o->growth_from), *to = growth_mark(p, o->growth_to);
    struct growth g;
    if (!p->heap.sites.n) {
        page_heading(c, "Growth", memory_why_none(p));
        return;
    }
    if (!from || !to) {
        page_heading(c, "Growth", growth_why_none(p, o->growth_from, o->growth_to));
        text_marks(d, c);
        return;
    }
    growth_build(&g, p, d->symbols, from, to);
    heading_print(p, &g, c);
    late_print(p, from, c);
    late_print(p, to, c);
    if (from->is_short || to->is_short)
        page_note(c, TONE_WARNING, "There were too many marks to keep what was live at this one.");
    rows_print(&g, o, c);
    growth_release(&g);
}

void text_marks(struct digest *d, const struct canvas *c)
{
    static const char *const title[] = {"mark", "name", "after", "Lua", "C", "resident", "by"};
    struct process *p = d->process;
    struct table *t = table_new();
    for (int i = 0; i < 7; i++)
        table_column(t, title[i], i == 1 ? COLUMN_CUT_END : i == 6 ? 0 : COLUMN_RIGHT);
    for (size_t i = 0; i < p->heap.mark_n; i++) {
        const struct rec_mark *m = &p->heap.mark[i].about;
        table_row(t, TABLE_NO_PARENT);
        table_cellf(t, 0, "#%" PRIu64, m->id);
        table_cell(t, 1, process_display(p, m->name));
        cell_ns(t, 2, (double)process_since_start(p, m->at_ns));
        cell_bytes(t, 3, (double)m->lua_bytes);
        cell_bytes(t, 4, (double)m->c_bytes);
        cell_bytes(t, 5, (double)m->rss_bytes);
        table_cell(t, 6, mark_origin_name((unsigned)m->origin));
    }
    if (p->heap.mark_n)
        page_heading(c, "Marks", "--growth NAME NAME shows what grew between two");
    table_print(t, c);
    table_free(t);
}
