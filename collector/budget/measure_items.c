/* measure_items: the items that each metric of metrics.def is made of. */
#include "collector/budget/measure.h"
#include "wire/enums.h"

/* A name that the rule's set allows and its exceptions do not hold. */
static int wanted(const struct rule *r, const struct name_set *set, const char *name)
{
    return name_set_allows(set, name) && !(r->except.n && name_set_holds(&r->except, name));
}

/* ---- cold start ---- */

static void milestone(struct measure_sink *s, unsigned what)
{
    const struct process *p = s->digest->process;
    if (!p->milestones[what].at_ns)
        return;
    s->m->lower_bound = p->about.start_estimated != 0;
    measure_item(s, (double)process_since_start(p, p->milestones[what].at_ns), "");
}

static void measure_state_ready(struct measure_sink *s)
{
    milestone(s, MILESTONE_STATE);
}

static void measure_libraries_ready(struct measure_sink *s)
{
    milestone(s, MILESTONE_OPENLIBS);
}

static void measure_first_line(struct measure_sink *s)
{
    milestone(s, MILESTONE_MAIN);
}

/* ---- modules ---- */

static int failed(const struct span_node *n)
{
    return !n->open && n->span->end.load != LOAD_CIRCULAR &&
           (n->span->end.status != SPAN_OK || n->span->end.load == LOAD_NOT_FOUND);
}

static int circular(const struct span_node *n)
{
    return !n->open && n->span->end.load == LOAD_CIRCULAR;
}

/* 1 where a module that the rule means stands around node N: its time holds N's. */
static int inside_wanted(const struct measure_sink *s, const struct span_node *n)
{
    const struct span_tree *t = &s->digest->spans;
    while (n->parent != SPAN_NO_PARENT) {
        n = &t->node[n->parent];
        if (span_is_module(n->span) && wanted(s->rule, &s->rule->module, n->name))
            return 1;
    }
    return 0;
}

typedef double node_value(const struct measure_sink *s, const struct span_node *n);

/* OPEN 1: modules that were still being loaded count too. */
static void modules(struct measure_sink *s, node_value *value, int open)
{
    const struct span_tree *t = &s->digest->spans;
    for (size_t i = 0; i < t->n; i++) {
        const struct span_node *n = &t->node[i];
        if (span_is_module(n->span) && (open || !n->open) &&
            wanted(s->rule, &s->rule->module, n->name))
            measure_item(s, value(s, n), n->name);
    }
}

/* Nested ones are not added again to the sum. */
static double value_total(const struct measure_sink *s, const struct span_node *n)
{
    return !s->rule->each && inside_wanted(s, n) ? 0 : (double)n->total_ns;
}

static double value_self(const struct measure_sink *s, const struct span_node *n)
{
    (void)s;
    return (double)n->self_ns;
}

static double value_phase(const struct measure_sink *s, const struct span_node *n)
{
    return (double)(s->rule->phase == PHASE_RUN ? n->run_self_ns
                                                : n->span->end.phase_ns[s->rule->phase]);
}

static double value_lua(const struct measure_sink *s, const struct span_node *n)
{
    (void)s;
    return (double)n->lua_self;
}

static double value_lua_total(const struct measure_sink *s, const struct span_node *n)
{
    return !s->rule->each && inside_wanted(s, n) ? 0 : (double)n->span->end.lua_bytes;
}

static double value_c(const struct measure_sink *s, const struct span_node *n)
{
    (void)s;
    return (double)n->c_self;
}

static double value_source(const struct measure_sink *s, const struct span_node *n)
{
    (void)s;
    return (double)n->span->end.source_bytes;
}

static double value_loaded(const struct measure_sink *s, const struct span_node *n)
{
    (void)s;
    return !failed(n) && !circular(n);
}

static double value_failed(const struct measure_sink *s, const struct span_node *n)
{
    (void)s;
    return failed(n);
}

static double value_circular(const struct measure_sink *s, const struct span_node *n)
{
    (void)s;
    return circular(n);
}

static double value_tries(const struct measure_sink *s, const struct span_node *n)
{
    (void)s;
    return n->try_n;
}

static double value_none(const struct measure_sink *s, const struct span_node *n)
{
    (void)s;
    (void)n;
    return 0;
}

static void measure_module_total(struct measure_sink *s)
{
    modules(s, value_total, 1);
}

static void measure_module_self(struct measure_sink *s)
{
    modules(s, value_self, 1);
}

static void measure_module_phase(struct measure_sink *s)
{
    modules(s, value_phase, 0);
}

static void measure_modules_total(struct measure_sink *s)
{
    if (s->digest->spans.n)
        measure_item(s, (double)s->digest->modules.total_ns, "");
}

static void measure_module_lua(struct measure_sink *s)
{
    modules(s, value_lua, 0);
}

static void measure_module_lua_total(struct measure_sink *s)
{
    modules(s, value_lua_total, 0);
}

static void measure_module_c(struct measure_sink *s)
{
    modules(s, value_c, 0);
}

static void measure_module_source(struct measure_sink *s)
{
    modules(s, value_source, 0);
}

static void measure_modules_loaded(struct measure_sink *s)
{
    modules(s, value_loaded, 1);
}

static void measure_modules_failed(struct measure_sink *s)
{
    modules(s, value_failed, 1);
}

static void measure_modules_circular(struct measure_sink *s)
{
    modules(s, value_circular, 1);
}

static void measure_files_tried(struct measure_sink *s)
{
    modules(s, value_tries, 1);
}

/* A module that was loaded and never asked for again counts as 0. */
static void measure_require_hits(struct measure_sink *s)
{
    struct process *p = s->digest->process;
    modules(s, value_none, 1);
    for (size_t i = 0; i < p->hits.n; i++) {
        const struct rec_require_hit *h = rowset_at(&p->hits, i);
        const char *name = process_display(p, h->name);
        if (wanted(s->rule, &s->rule->module, name))
            measure_item(s, (double)h->n, name);
    }
}

/* ---- chunks ---- */

static void chunks(struct measure_sink *s, uint64_t (*value)(const struct rec_chunk *))
{
    struct process *p = s->digest->process;
    for (size_t i = 0; i < p->chunks.n; i++) {
        const struct rec_chunk *c = rowset_at(&p->chunks, i);
        const char *name = process_display(p, c->name);
        name += *name == '@' || *name == '=';
        if (wanted(s->rule, &s->rule->chunk, name))
            measure_item(s, (double)value(c), name);
    }
}

static uint64_t chunk_loads(const struct rec_chunk *c)
{
    return c->load_n;
}

static uint64_t chunk_repeats(const struct rec_chunk *c)
{
    return c->repeat_n;
}

static uint64_t chunk_bytes(const struct rec_chunk *c)
{
    return c->bytes;
}

static uint64_t chunk_compile_ns(const struct rec_chunk *c)
{
    return c->compile_ns;
}

static void measure_chunks_compiled(struct measure_sink *s)
{
    chunks(s, chunk_loads);
}

static void measure_chunks_repeated(struct measure_sink *s)
{
    chunks(s, chunk_repeats);
}

static void measure_chunks_bytes(struct measure_sink *s)
{
    chunks(s, chunk_bytes);
}

static void measure_chunks_compile(struct measure_sink *s)
{
    chunks(s, chunk_compile_ns);
}

/* ---- memory ---- */

/* A figure of all Lua states: there is none without a state. */
static void lua_figure(struct measure_sink *s, uint64_t value)
{
    if (s->digest->lua.state_n)
        measure_item(s, (double)value, "");
}

static void measure_lua_peak(struct measure_sink *s)
{
    lua_figure(s, s->digest->lua.peak_bytes);
}

static void measure_lua_live(struct measure_sink *s)
{
    lua_figure(s, s->digest->lua.live_bytes);
}

static void measure_lua_states(struct measure_sink *s)
{
    lua_figure(s, s->digest->lua.state_n);
}

static void kinds(struct measure_sink *s, const uint64_t *value)
{
    if (!s->digest->lua.state_n)
        return;
    for (unsigned k = 0; k < ALLOC_KIND_N; k++) {
        const char *name = alloc_kind_name(k);
        if (*name != '?' && (s->rule->kind < 0 || s->rule->kind == (int)k))
            measure_item(s, (double)value[k], name);
    }
}

static void measure_lua_allocated(struct measure_sink *s)
{
    kinds(s, s->digest->lua.kind_bytes);
}

static void measure_lua_blocks(struct measure_sink *s)
{
    kinds(s, s->digest->lua.kind_n);
}

/* The shim looks at most every 64 KiB. */
static void measure_c_peak(struct measure_sink *s)
{
    const struct rec_c_heap *h = &s->digest->process->c_heap;
    double live = (double)h->live_bytes, peak = (double)h->peak_bytes;
    s->m->lower_bound = 1;
    measure_item(s, peak > live ? peak : live, "");
}

static void libraries(struct measure_sink *s, uint64_t (*value)(const struct rec_c_alloc *))
{
    struct process *p = s->digest->process;
    for (size_t i = 0; i < p->c_allocs.n; i++) {
        const struct rec_c_alloc *c = rowset_at(&p->c_allocs, i);
        const char *path = c->object ? process_object_path(p, c->object - 1) : "";
        if (!*path)
            path = "code outside any library";
        if (wanted(s->rule, &s->rule->library, path))
            measure_item(s, (double)value(c), path);
    }
}

static uint64_t library_bytes(const struct rec_c_alloc *c)
{
    return c->alloc_bytes;
}

static uint64_t library_blocks(const struct rec_c_alloc *c)
{
    return c->alloc_n;
}

static void measure_c_allocated(struct measure_sink *s)
{
    libraries(s, library_bytes);
}

static void measure_c_blocks(struct measure_sink *s)
{
    libraries(s, library_blocks);
}

/* ---- crossings ---- */

static int function_wanted(const struct rule *r, const char *label, const char *module)
{
    return wanted(r, &r->func, label) && name_set_allows(&r->module, module);
}

/* Functions that Lua knows but nobody called. */
static void uncalled(struct measure_sink *s)
{
    struct process *p = s->digest->process;
    for (size_t i = 0; i < p->functions.n; i++) {
        const struct rec_function *f = rowset_at(&p->functions, i);
        const char *module;
        const char *label = crossing_label(p, f->id, s->digest->symbols, &module);
        if (function_wanted(s->rule, label, module)) {
            measure_item(s, 0, label);
            return;
        }
    }
}

static void functions(struct measure_sink *s, double (*value)(const struct crossing_row *))
{
    const struct crossing_rows *rows = &s->digest->crossings;
    for (size_t i = 0; i < rows->n; i++) {
        const struct crossing_row *row = &rows->row[i];
        if (function_wanted(s->rule, row->label, row->module))
            measure_item(s, value(row), row->label);
    }
    if (!s->m->n)
        uncalled(s);
}

static double calls_down(const struct crossing_row *row)
{
    return (double)row->down.n;
}

static double time_down(const struct crossing_row *row)
{
    return row->down.total_ns;
}

static double calls_up(const struct crossing_row *row)
{
    return (double)row->up.n;
}

static void measure_crossings_down(struct measure_sink *s)
{
    functions(s, calls_down);
}

static void measure_crossings_down_time(struct measure_sink *s)
{
    functions(s, time_down);
}

static void measure_crossings_up(struct measure_sink *s)
{
    functions(s, calls_up);
}

static void measure_callbacks(struct measure_sink *s)
{
    const struct rec_up_calls *u = &s->digest->process->up_calls;
    lua_figure(s, u->callk_n + u->pcallk_n + u->resume_n);
}

/* ---- the process ---- */

static void measure_process_wall(struct measure_sink *s)
{
    const struct process *p = s->digest->process;
    measure_item(s, (double)process_since_start(p, process_end_ns(p)), "");
}

static void measure_process_cpu(struct measure_sink *s)
{
    const struct rec_end *e = &s->digest->process->end;
    if (s->digest->process->end_seen)
        measure_item(s, (double)(e->user_us + e->system_us) * 1000, "");
}

static void measure_process_rss(struct measure_sink *s)
{
    const struct rec_end *e = &s->digest->process->end;
    if (s->digest->process->end_seen && e->max_rss_kib)
        measure_item(s, (double)e->max_rss_kib * 1024, "");
}

/* Calls left by errors or yields are normal life, and no loss (collector/analyse/trust.h). */
static void measure_losses(struct measure_sink *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < LOSS_N; i++)
        n += i == LOSS_UNSEEN_RETURN ? 0 : s->digest->process->losses[i];
    measure_item(s, (double)n, "");
}

static void measure_uncovered(struct measure_sink *s)
{
    measure_item(s, (double)s->digest->uncovered.n,
                 s->digest->uncovered.n ? s->digest->uncovered.at[0] : "");
}

static void measure_covered(struct measure_sink *s)
{
    const struct process *p = s->digest->process;
    size_t n = 0;
    for (size_t i = 0; i < p->copies.n; i++) {
        const struct rec_copy *c = rowset_at(&p->copies, i);
        n += c->status == COPY_COVERED || c->status == COPY_UNLOADED;
    }
    measure_item(s, (double)n, "");
}

measure_items *const measure_items_of[METRIC_N] = {
#define METRIC(id, ...) [METRIC_##id] = measure_##id,
#include "collector/budget/metrics.def"
};
