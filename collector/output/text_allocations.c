/* text_allocations: Lua's memory by kind, size and state, C's by the object that called. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

enum { BAR_MAX = 24 };

static void cell_share(struct table *t, unsigned column, uint64_t part, uint64_t whole)
{
    char text[HUMAN_MAX];
    if (part)
        table_cell(t, column, human_share(text, (double)part, (double)whole));
}

static void kinds_print(const struct lua_totals *l, const struct canvas *c)
{
    struct table *t = table_new();
    unsigned kind = table_column(t, "kind", 0), n = table_column(t, "blocks", COLUMN_RIGHT);
    unsigned n_share = table_column(t, "share", COLUMN_RIGHT);
    unsigned bytes = table_column(t, "bytes", COLUMN_RIGHT);
    unsigned share = table_column(t, "share", COLUMN_RIGHT);
    for (unsigned k = 0; k < ALLOC_KIND_N; k++) {
        if (!l->kind_n[k])
            continue;
        table_row(t, TABLE_NO_PARENT);
        table_cell(t, kind, alloc_kind_name(k));
        cell_count(t, n, l->kind_n[k]);
        cell_share(t, n_share, l->kind_n[k], l->alloc_n);
        cell_bytes(t, bytes, (double)l->kind_bytes[k]);
        cell_share(t, share, l->kind_bytes[k], l->alloc_bytes);
    }
    table_print(t, c);
    table_free(t);
}

static uint64_t largest(const uint64_t *v, size_t n)
{
    uint64_t max = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i] > max)
            max = v[i];
    return max;
}

static int any_left(const struct lua_totals *l)
{
    for (unsigned i = 0; i < SIZE_CLASS_N; i++)
        if (l->class_left_n[i])
            return 1;
    return 0;
}

static void class_row(struct table *t, const struct lua_totals *l, unsigned i, uint64_t max)
{
    char bar[BAR_MAX + 1], limit[HUMAN_MAX];
    uint64_t n = l->class_alloc_n[i];
    size_t length = max ? (size_t)((double)n / (double)max * BAR_MAX + 0.5) : 0;
    memset(bar, '#', length);
    bar[length] = 0;
    table_row(t, TABLE_NO_PARENT);
    table_cell(
        t, 0, size_class_limit(i) || !i ? human_bytes(limit, (double)size_class_limit(i)) : "more");
    cell_count(t, 1, n);
    cell_count(t, 2, l->class_left_n[i]);
    table_cell(t, 3, bar);
}

static void classes_print(const struct lua_totals *l, const struct canvas *c)
{
    struct table *t = table_new();
    uint64_t max = largest(l->class_alloc_n, SIZE_CLASS_N);
    table_column(t, "up to", COLUMN_RIGHT);
    table_column(t, "blocks", COLUMN_RIGHT);
    table_column(t, "left", COLUMN_RIGHT);
    table_column(t, "", 0);
    for (unsigned i = 0; i < SIZE_CLASS_N; i++)
        if (l->class_alloc_n[i] || l->class_left_n[i])
            class_row(t, l, i, max);
    if (table_rows(t))
        page_heading(c, "Lua blocks by size",
                     any_left(l) ? "new or resized into it; left: not freed"
                                 : "new or resized into it; all were freed");
    table_print(t, c);
    table_free(t);
}

static void state_row(struct table *t, struct process *p, const struct rec_state *s)
{
    const struct rec_copy *copy = rowset_find(&p->copies, s->copy);
    table_row(t, TABLE_NO_PARENT);
    table_cellf(t, 0, "%" PRIu64, s->id);
    table_cell(t, 1, copy ? process_display(p, copy->version) : "");
    table_cellf(t, 2, "%" PRIu64, s->tid);
    cell_ns(t, 3, (double)process_since_start(p, s->created_ns));
    if (s->dropped)
        table_cell(t, 4, "dropped");
    else if (s->closed_ns)
        cell_ns(t, 4, (double)process_since_start(p, s->closed_ns));
    else
        table_cell(t, 4, "open");
    cell_bytes(t, 5, (double)s->peak_bytes);
    cell_bytes(t, 6, (double)(s->closed_ns ? s->close_live_bytes : s->live_bytes));
    cell_bytes(t, 7, (double)(s->closed_ns ? s->live_bytes : 0));
    cell_count(t, 8, s->fail_n);
    cell_count(t, 9, s->setallocf_n);
}

static int by_peak(const void *pa, const void *pb)
{
    const struct rec_state *a = *(const struct rec_state *const *)pa;
    const struct rec_state *b = *(const struct rec_state *const *)pb;
    if (a->peak_bytes != b->peak_bytes)
        return a->peak_bytes > b->peak_bytes ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* In order of their making; the largest where not all can be shown. */
static void state_rows(struct table *t, struct process *p, size_t top)
{
    const struct rec_state **row = xcalloc(p->states.n, sizeof *row);
    for (size_t i = 0; i < p->states.n; i++)
        row[i] = rowset_at(&p->states, i);
    if (p->states.n > top)
        qsort(row, p->states.n, sizeof *row, by_peak);
    for (size_t i = 0; i < p->states.n && i < top; i++)
        state_row(t, p, row[i]);
    free(row);
}

static void states_print(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    static const struct {
        const char *title;
        unsigned flags;
    } column[] = {{"state", COLUMN_RIGHT},   {"Lua", 0},
                  {"thread", COLUMN_RIGHT},  {"made after", COLUMN_RIGHT},
                  {"closed", COLUMN_RIGHT},  {"peak", COLUMN_RIGHT},
                  {"live", COLUMN_RIGHT},    {"never freed", COLUMN_RIGHT},
                  {"refused", COLUMN_RIGHT}, {"allocator changed", COLUMN_RIGHT}};
    struct process *p = d->process;
    struct table *t = table_new();
    for (size_t i = 0; i < sizeof column / sizeof *column; i++)
        table_column(t, column[i].title, column[i].flags);
    state_rows(t, p, o->top);
    if (p->states.n)
        page_heading(c, "Lua states", "live: at lua_close, or at the end");
    table_print(t, c);
    page_more(c, p->states.n > o->top ? p->states.n - o->top : 0, "states");
    dropped_note(&d->lua, c);
    table_free(t);
}

static int by_bytes(const void *pa, const void *pb)
{
    const struct rec_c_alloc *a = *(const struct rec_c_alloc *const *)pa;
    const struct rec_c_alloc *b = *(const struct rec_c_alloc *const *)pb;
    if (a->alloc_bytes != b->alloc_bytes)
        return a->alloc_bytes > b->alloc_bytes ? -1 : 1;
    return a->object < b->object ? -1 : a->object > b->object;
}

static const char *object_text(struct process *p, const struct rec_c_alloc *r)
{
    return r->object ? process_object_path(p, r->object - 1) : "(code in no loaded object)";
}

static size_t c_pick(struct process *p, const char *filter, const struct rec_c_alloc **row)
{
    size_t n = 0;
    for (size_t i = 0; i < p->c_allocs.n; i++) {
        const struct rec_c_alloc *r = rowset_at(&p->c_allocs, i);
        if ((r->alloc_n || r->realloc_n || r->free_n) && pattern_match(filter, object_text(p, r)))
            row[n++] = r;
    }
    qsort(row, n, sizeof *row, by_bytes);
    return n;
}

static void c_rows(struct table *t, struct process *p, const struct rec_c_alloc *const *row,
                   size_t n)
{
    unsigned object = table_column(t, "called from", COLUMN_CUT_START);
    unsigned alloc = table_column(t, "blocks", COLUMN_RIGHT);
    unsigned bytes = table_column(t, "requested", COLUMN_RIGHT);
    unsigned usable = table_column(t, "given", COLUMN_RIGHT);
    unsigned resized = table_column(t, "resized", COLUMN_RIGHT);
    unsigned freed = table_column(t, "freed", COLUMN_RIGHT);
    unsigned freed_bytes = table_column(t, "bytes freed", COLUMN_RIGHT);
    unsigned refused = table_column(t, "refused", COLUMN_RIGHT);
    for (size_t i = 0; i < n; i++) {
        table_row(t, TABLE_NO_PARENT);
        table_cell(t, object, object_text(p, row[i]));
        cell_count(t, alloc, row[i]->alloc_n);
        cell_bytes(t, bytes, (double)row[i]->alloc_bytes);
        cell_bytes(t, usable, (double)row[i]->usable_bytes);
        cell_count(t, resized, row[i]->realloc_n);
        cell_count(t, freed, row[i]->free_n);
        cell_bytes(t, freed_bytes, (double)row[i]->free_bytes);
        cell_count(t, refused, row[i]->fail_n);
    }
}

static void c_print(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct process *p = d->process;
    if (!trust_c_memory(p)) {
        page_heading(c, "C memory", "not known: calls of malloc were not covered (see above)");
        return;
    }
    const struct rec_c_alloc **row = xcalloc(p->c_allocs.n, sizeof *row);
    size_t n = c_pick(p, o->filter, row);
    char peak[HUMAN_MAX];
    char *end = c_end_text(d);
    char *remarks = xformat("peak %s, %s; what Lua's allocator called is not in here",
                            c_peak_text(peak, d), end);
    free(end);
    struct table *t = table_new();
    page_heading(c, "C memory", remarks);
    c_rows(t, p, row, n < o->top ? n : o->top);
    table_print(t, c);
    page_more(c, n > o->top ? n - o->top : 0, "objects");
    if (!n)
        page_note(c, TONE_PLAIN,
                  o->filter ? "No object matches the filter." : "No C allocation was seen.");
    else
        page_note(c, TONE_PLAIN,
                  "Frees are charged to the object that called free, so live bytes "
                  "by object are not claimed.");
    table_free(t);
    free(row);
    free(remarks);
}

static void lua_print(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    const struct lua_totals *l = &d->lua;
    char n[HUMAN_MAX], bytes[HUMAN_MAX], grow[HUMAN_MAX], resized[HUMAN_MAX];
    char *remarks =
        xformat("%s blocks, %s; %s resized (+%s)", human_count(n, l->alloc_n),
                human_bytes(bytes, (double)l->alloc_bytes), human_count(resized, l->realloc_n),
                human_bytes(grow, (double)l->grow_bytes));
    page_heading(c, "Lua memory", l->state_n ? remarks : "no Lua state was made");
    free(remarks);
    kinds_print(l, c);
    classes_print(l, c);
    states_print(d, o, c);
}

void text_allocations(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    if (!o->filter && digest_has_lua(d))
        lua_print(d, o, c);
    if (digest_has_lua(d) || d->c.alloc_n)
        c_print(d, o, c);
}
