/* text_modules: the tree of modules with what each phase of loading cost. */
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/span_pick.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

enum layout { NARROW, WIDE, FULL };
enum { WIDE_FROM = 100, FULL_FROM = 150 };

struct module_columns {
    enum layout layout;
    unsigned name, total, self, resolve, read, compile, load, map, relocate, construct, run;
    unsigned lua_self, lua_total, c_self, kind, file, caller;
};

static enum layout layout_for(const struct canvas *c)
{
    return c->width >= FULL_FROM ? FULL : c->width >= WIDE_FROM ? WIDE : NARROW;
}

static void columns_times(struct module_columns *m, struct table *t)
{
    m->total = table_column(t, "total", COLUMN_RIGHT);
    m->self = table_column(t, "self", COLUMN_RIGHT);
    if (m->layout == NARROW) {
        m->load = table_column(t, "load", COLUMN_RIGHT);
        m->compile = table_column(t, "compile", COLUMN_RIGHT);
        m->run = table_column(t, "run", COLUMN_RIGHT);
        return;
    }
    m->resolve = table_column(t, "resolve", COLUMN_RIGHT);
    m->read = table_column(t, "read", COLUMN_RIGHT);
    m->compile = table_column(t, "compile", COLUMN_RIGHT);
    if (m->layout == FULL) {
        m->map = table_column(t, "map", COLUMN_RIGHT);
        m->relocate = table_column(t, "reloc", COLUMN_RIGHT);
        m->construct = table_column(t, "ctor", COLUMN_RIGHT);
    } else {
        m->load = table_column(t, "link", COLUMN_RIGHT);
    }
    m->run = table_column(t, "run", COLUMN_RIGHT);
}

static void columns(struct module_columns *m, struct table *t)
{
    m->name = table_column(t, "module", COLUMN_TREE | COLUMN_CUT_END);
    columns_times(m, t);
    m->lua_self = table_column(t, m->layout == NARROW ? "KiB" : "Lua KiB", COLUMN_RIGHT);
    if (m->layout != NARROW) {
        if (m->layout == FULL)
            m->lua_total = table_column(t, "+nested", COLUMN_RIGHT);
        m->c_self = table_column(t, "C KiB", COLUMN_RIGHT);
    }
    m->kind = table_column(t, "kind", 0);
    if (m->layout != FULL)
        return;
    m->file = table_column(t, "file", COLUMN_CUT_START);
    m->caller = table_column(t, "required at", COLUMN_CUT_START);
}

static const char *kind_text(const struct process *p, const struct span_node *n)
{
    static const char *const load[] = {[LOAD_UNKNOWN] = "",
                                       [LOAD_LUA_FILE] = "lua",
                                       [LOAD_C_LIBRARY] = "C",
                                       [LOAD_PRELOAD] = "preload",
                                       [LOAD_BUILTIN] = "builtin",
                                       [LOAD_CUSTOM] = "custom",
                                       [LOAD_NOT_FOUND] = "NOT FOUND",
                                       [LOAD_CIRCULAR] = "CIRCULAR"};
    static const char *const kind[] = {[SPAN_OPENLIBS] = "libs",
                                       [SPAN_DOFILE] = "dofile",
                                       [SPAN_MAIN] = "main",
                                       [SPAN_LOADFILE] = "loadfile"};
    uint64_t k = n->span->begin.kind, l = n->span->end.load;
    if (n->open) /* os.exit and the like end a process within its spans */
        return p->end_seen && p->end.reason != END_KILLED ? "exited" : "RUNNING";
    if (n->span->end.status == SPAN_FAILED && l != LOAD_NOT_FOUND && l != LOAD_CIRCULAR)
        return "FAILED";
    if (k >= SPAN_OPENLIBS && k <= SPAN_LOADFILE)
        return kind[k];
    if (k == SPAN_REQUIREF)
        return "builtin";
    return l < sizeof load / sizeof *load ? load[l] : "?";
}

static const char *kind_color(const struct span_node *n)
{
    if (n->span->end.load == LOAD_CIRCULAR)
        return "yellow";
    return n->span->end.status == SPAN_FAILED || n->span->end.load == LOAD_NOT_FOUND ? "red" : NULL;
}

static void row_times(const struct module_columns *m, struct table *t, const struct span_node *n)
{
    const uint64_t *ns = n->span->end.phase_ns;
    cell_ms(t, m->total, n->total_ns);
    cell_ms(t, m->self, n->self_ns);
    cell_ms(t, m->compile, ns[PHASE_COMPILE]);
    cell_ms(t, m->run, n->run_self_ns);
    if (m->layout == NARROW) {
        cell_ms(t, m->load, ns[PHASE_RESOLVE] + ns[PHASE_READ] + span_load_ns(n->span));
        return;
    }
    cell_ms(t, m->resolve, ns[PHASE_RESOLVE]);
    cell_ms(t, m->read, ns[PHASE_READ]);
    if (m->layout == WIDE) {
        cell_ms(t, m->load, span_load_ns(n->span));
        return;
    }
    cell_ms(t, m->map, ns[PHASE_MAP]);
    cell_ms(t, m->relocate, ns[PHASE_RELOCATE]);
    cell_ms(t, m->construct, ns[PHASE_CONSTRUCT]);
}

static void row_places(const struct module_columns *m, struct table *t, struct process *p,
                       const struct span_node *n)
{
    cell_kib(t, m->lua_total, n->span->end.lua_bytes);
    table_cell(t, m->file, process_display(p, n->span->end.file));
    char *caller = span_caller_text(p, n->span);
    table_cell(t, m->caller, caller);
    free(caller);
}

static void row_fill(const struct module_columns *m, struct table *t, struct process *p,
                     const struct span_node *n)
{
    table_cell(t, m->name, n->name);
    row_times(m, t, n);
    cell_kib(t, m->lua_self, n->lua_self);
    if (m->layout != NARROW)
        cell_kib(t, m->c_self, n->c_self);
    table_cell(t, m->kind, kind_text(p, n));
    if (m->layout == FULL)
        row_places(m, t, p, n);
    if (kind_color(n))
        table_row_color(t, kind_color(n));
}

/* Rows under their parents where ROW_OF is given (row number by node, TABLE_NO_PARENT: not shown),
 * else a flat list. */
static void rows_fill(const struct module_columns *m, struct table *t, const struct digest *d,
                      const struct span_pick *k, uint32_t *row_of)
{
    for (size_t i = 0; i < k->n; i++) {
        const struct span_node *n = &d->spans.node[k->node[i]];
        uint32_t parent = TABLE_NO_PARENT;
        if (row_of && n->parent != SPAN_NO_PARENT)
            parent = row_of[n->parent];
        uint32_t row = table_row(t, parent);
        if (row_of)
            row_of[k->node[i]] = row;
        row_fill(m, t, d->process, n);
    }
}

static void tree_print(const struct digest *d, const struct span_pick *k, int tree,
                       const struct canvas *c)
{
    struct module_columns m = {.layout = layout_for(c)};
    struct table *t = table_new();
    uint32_t *row_of = NULL;
    columns(&m, t);
    if (tree) {
        row_of = xmalloc(d->spans.n * sizeof *row_of);
        memset(row_of, 0xff, d->spans.n * sizeof *row_of); /* TABLE_NO_PARENT */
    }
    rows_fill(&m, t, d, k, row_of);
    table_print(t, c);
    free(row_of);
    table_free(t);
}

static void more(const struct span_pick *k, const struct canvas *c)
{
    char n[HUMAN_MAX], ns[HUMAN_MAX];
    size_t left = k->matched_n - k->n;
    if (left)
        fprintf(c->out, "... and %s more with %s of their own (--top all shows them)\n",
                human_count(n, left), human_ns(ns, (double)k->left_self_ns));
}

void text_modules(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    static const char *const merged[] = {
        [NARROW] = "ms; load: finding, reading, mapping; run, KiB (Lua): without nested",
        [WIDE] = "ms; link: mapping, relocating, constructors; run, KiB: without nested",
        [FULL] = "ms; run, Lua KiB, C KiB: without nested",
    };
    struct span_pick k;
    enum span_order order = span_order_for(o->sort);
    span_pick(&k, &d->spans, d->process, o->filter, order, o->top);
    page_heading(c, "Modules", merged[layout_for(c)]);
    tree_print(d, &k, order == SPAN_BY_BEGIN && !o->filter, c);
    more(&k, c);
    if (!k.matched_n)
        page_note(c, TONE_PLAIN,
                  o->filter ? "No module matches the filter." : "No module was loaded.");
    span_pick_release(&k);
    if (o->filter)
        return;
    text_failures(d, o, c);
    text_searches(d, o, c);
}
