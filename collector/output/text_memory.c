/* text_memory: where memory is allocated and held: by line, function, module, kind, C function, library. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/memory_rows.h"
#include "collector/output/memory_words.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

enum { WIDE_FROM = 110 };

/* One table: what its rows are, which of them, in which order. */
struct memory_view {
    const char *title, *remarks, *what, *whats;
    enum memory_by by;
    unsigned heaps;
    enum memory_sum order;
    unsigned part; /* of as many rows as asked for: 1 all, 2 half, 4 a quarter */
};

static const struct memory_view views[] = {
    {"Lua memory by line",
     "made: allocated, with growth; held: at the end, or when lua_close began", "line", "lines",
     MEMORY_BY_LINE, MEMORY_HEAP_LUA, MEMORY_MADE, 1},
    {"Lua memory by function", "", "function", "functions", MEMORY_BY_FUNCTION, MEMORY_HEAP_LUA,
     MEMORY_MADE, 2},
    {"Lua memory by module", "", "module", "modules", MEMORY_BY_MODULE, MEMORY_HEAP_LUA,
     MEMORY_MADE, 2},
    {"Lua memory made within C functions", "", "C function", "C functions", MEMORY_BY_C_FUNCTION,
     MEMORY_HEAP_LUA, MEMORY_MADE, 2},
    {"Lua memory by kind", "", "kind", "kinds", MEMORY_BY_KIND, MEMORY_HEAP_LUA, MEMORY_MADE, 1},
    {"At the peak", "what was held when most was", "line", "lines", MEMORY_BY_LINE, MEMORY_HEAP_LUA,
     MEMORY_PEAK, 4},
    {"Thrown away", "what was made and not held", "line", "lines", MEMORY_BY_LINE, MEMORY_HEAP_LUA,
     MEMORY_FREED, 4},
    {"Growing blocks", "tables, buffers and stacks that were resized", "line", "lines",
     MEMORY_BY_LINE, MEMORY_HEAP_LUA, MEMORY_GROWN, 4},
    {"C memory by line", "of the Lua code that called into C; else the C function", "line", "lines",
     MEMORY_BY_LINE, MEMORY_HEAP_C, MEMORY_MADE, 2},
    {"C memory by library", "the code that called malloc", "library", "libraries",
     MEMORY_BY_LIBRARY, MEMORY_HEAP_C, MEMORY_MADE, 2},
};

/* The column that a table is in the order of comes first, its share behind it. */
struct memory_columns {
    unsigned first, share, growths, made, error, n, held, held_error, peak, freed, label, place,
        kinds;
    int wide, has_n, has_peak, has_freed, has_kinds;
};

static const char *first_title(enum memory_sum order)
{
    switch (order) {
    case MEMORY_PEAK:
        return "at peak";
    case MEMORY_FREED:
        return "freed";
    case MEMORY_GROWN:
        return "grown by";
    default:
        return "made";
    }
}

static void place_columns(struct memory_columns *m, struct table *t, const struct memory_view *v)
{
    int lines = v->by == MEMORY_BY_LINE;
    m->label = table_column(
        t, v->what, lines || v->by == MEMORY_BY_LIBRARY ? COLUMN_CUT_START : COLUMN_CUT_END);
    if (!m->wide)
        return;
    m->place =
        table_column(t, lines ? "function" : "file", lines ? COLUMN_CUT_END : COLUMN_CUT_START);
    if (m->has_kinds)
        m->kinds = table_column(t, "kinds", COLUMN_CUT_END);
}

static void columns(struct memory_columns *m, struct table *t, const struct memory_view *v)
{
    int by_made = v->order == MEMORY_MADE;
    m->has_n = m->wide || v->order != MEMORY_GROWN;
    m->has_peak = by_made || (m->wide && v->order != MEMORY_PEAK);
    m->has_freed = m->wide && v->order != MEMORY_FREED;
    m->has_kinds = m->wide && v->by != MEMORY_BY_KIND && v->heaps != MEMORY_HEAP_C;
    m->first = m->made = table_column(t, first_title(v->order), COLUMN_RIGHT);
    if (by_made)
        m->error = table_column(t, "+-", COLUMN_RIGHT);
    m->share = table_column(t, "share", COLUMN_RIGHT);
    if (v->order == MEMORY_GROWN)
        m->growths = table_column(t, "growths", COLUMN_RIGHT);
    if (!by_made) {
        m->made = table_column(t, "made", COLUMN_RIGHT);
        m->error = table_column(t, "+-", COLUMN_RIGHT);
    }
    if (m->has_n)
        m->n = table_column(t, "blocks", COLUMN_RIGHT);
    m->held = table_column(t, "held", COLUMN_RIGHT);
    if (m->wide)
        m->held_error = table_column(t, "+-", COLUMN_RIGHT);
    if (m->has_peak)
        m->peak = table_column(t, "at peak", COLUMN_RIGHT);
    if (m->has_freed)
        m->freed = table_column(t, "freed", COLUMN_RIGHT);
    place_columns(m, t, v);
}

static void place_print(const struct memory_columns *m, struct table *t,
                        const struct memory_view *v, const struct memory_row *r)
{
    char kinds[MEMORY_KINDS_MAX];
    memory_place_cell(t, m->label, r);
    if (!m->wide) /* a name that can be read is worth more than these */
        return;
    table_cell(t, m->place, v->by == MEMORY_BY_LINE ? memory_function_text(r) : r->file);
    if (m->has_kinds)
        table_cell(t, m->kinds, memory_kinds_text(kinds, r->sums.kinds));
}

static void row_print(const struct memory_columns *m, struct table *t, const struct memory_view *v,
                      const struct memory_row *r, const struct memory_sums *whole)
{
    const struct memory_amount *of = r->sums.of;
    char share[HUMAN_MAX];
    table_row(t, TABLE_NO_PARENT);
    cell_bytes(t, m->first, (double)of[v->order].bytes);
    table_cell(t, m->share,
               human_share(share, (double)of[v->order].bytes, (double)whole->of[v->order].bytes));
    if (v->order == MEMORY_GROWN)
        cell_count(t, m->growths, of[MEMORY_GROWN].n);
    cell_bytes(t, m->made, (double)of[MEMORY_MADE].bytes);
    cell_bytes(t, m->error, memory_made_error(&r->sums));
    if (m->has_n)
        cell_count(t, m->n, of[MEMORY_MADE].n);
    cell_bytes(t, m->held, (double)of[MEMORY_LIVE].bytes);
    if (m->wide)
        cell_bytes(t, m->held_error, memory_live_error(&r->sums));
    if (m->has_peak)
        cell_bytes(t, m->peak, (double)of[MEMORY_PEAK].bytes);
    if (m->has_freed && of[MEMORY_MADE].bytes)
        table_cell(
            t, m->freed,
            human_share(share, (double)of[MEMORY_FREED].bytes, (double)of[MEMORY_MADE].bytes));
    place_print(m, t, v, r);
}

static int is_any(const struct memory_amount *of)
{
    return of->bytes || of->n;
}

/* What a fork's child inherited it holds, and did not make. */
static int is_chosen(const struct memory_view *v, const struct report_options *o,
                     const struct memory_row *r)
{
    const struct memory_amount *of = r->sums.of;
    return (is_any(&of[v->order]) ||
            (v->order == MEMORY_MADE && (is_any(&of[MEMORY_LIVE]) || is_any(&of[MEMORY_PEAK])))) &&
           (pattern_match(o->filter, r->label) || pattern_match(o->filter, r->file));
}

static const char *remarks_of(const struct memory_view *v, const struct digest *d)
{
    return v->order == MEMORY_PEAK && d->process->states.n > 1
               ? "what each state held when it held most"
               : v->remarks;
}

static void view_print(struct digest *d, const struct memory_view *v,
                       const struct report_options *o, const struct canvas *c)
{
    struct memory_rows rows;
    struct memory_columns m = {.wide = c->width >= WIDE_FROM};
    struct table *t = table_new();
    size_t n = 0, top = o->top == SIZE_MAX ? o->top : (o->top + v->part - 1) / v->part;
    memory_rows_build(&rows, d->process, d->symbols, v->by, v->heaps);
    memory_rows_sort(&rows, v->order);
    columns(&m, t, v);
    for (size_t i = 0; i < rows.n; i++)
        if (is_chosen(v, o, &rows.row[i]) && n++ < top)
            row_print(&m, t, v, &rows.row[i], &rows.whole);
    if (n)
        page_heading(c, v->title, remarks_of(v, d));
    table_print(t, c);
    page_more(c, n > top ? n - top : 0, v->whats);
    table_free(t);
    memory_rows_release(&rows);
}

static void mode_text(char *out, size_t size, const struct process *p, unsigned heap)
{
    char bytes[HUMAN_MAX], more[HUMAN_MAX], up_to[HUMAN_MAX + 40] = "";
    const char *name = alloc_heap_name(heap);
    uint64_t interval = memory_interval(p, heap), most = memory_interval_most(p, heap);
    if (most > interval)
        snprintf(up_to, sizeof up_to, ", up to %s while much was allocated",
                 human_bytes(more, (double)most));
    if (memory_mode(p, heap) == ALLOC_EXACT)
        snprintf(out, size, "%s: every allocation", name);
    else if (memory_mode(p, heap) == ALLOC_SAMPLED)
        snprintf(out, size, "%s: sampled, one each %s on average%s; +- is the standard error", name,
                 human_bytes(bytes, (double)interval), up_to);
    else
        snprintf(out, size, "%s: not recorded", name);
}

/* What HEAP made by its counters and is not in the rows, to the byte. */
static void missing_print(struct digest *d, const struct canvas *c, unsigned heap, uint64_t made,
                          const char *what)
{
    struct memory_rows rows;
    char text[200], bytes[HUMAN_MAX];
    memory_rows_build(&rows, d->process, d->symbols, MEMORY_BY_KIND, 1u << heap);
    uint64_t seen = rows.whole.of[MEMORY_MADE].bytes;
    if (memory_mode(d->process, heap) == ALLOC_EXACT && made > seen) {
        snprintf(text, sizeof text, "%s of %s in none of the tables",
                 human_bytes(bytes, (double)(made - seen)), what);
        page_field(c, TONE_WARNING, "not in them", text);
    }
    memory_rows_release(&rows);
}

void text_memory(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    char text[200];
    if (!d->process->heap.sites.n) {
        if (digest_has_lua(d))
            page_heading(c, "Memory by line", memory_why_none(d->process));
        return;
    }
    page_heading(c, "Memory by stack", "");
    mode_text(text, sizeof text, d->process, HEAP_LUA);
    page_field(c, TONE_PLAIN, "recorded", text);
    mode_text(text, sizeof text, d->process, HEAP_C);
    page_field(c, TONE_PLAIN, "", text);
    missing_print(d, c, HEAP_LUA, d->lua.alloc_bytes + d->lua.grow_bytes, "Lua's allocations are");
    missing_print(d, c, HEAP_C, d->c.usable_bytes,
                  "C memory, most of it from before the first Lua state, are");
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        view_print(d, &views[i], o, c);
}
