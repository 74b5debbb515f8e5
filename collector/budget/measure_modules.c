/* measure_modules: cold start, module loads and compiled chunks. */
#include <stdlib.h>

#include "collector/budget/measure_parts.h"
#include "collector/util/xalloc.h"
#include "wire/enums.h"

/* ---- cold start ---- */

static void milestone(struct measure_sink *s, unsigned what)
{
    const struct process *p = s->digest->process;
    if (!p->milestones[what].at_ns)
        return;
    s->m->lower_bound = p->about.start_estimated != 0;
    measure_item(s, (double)process_since_start(p, p->milestones[what].at_ns), "");
}

void measure_state_ready(struct measure_sink *s)
{
    milestone(s, MILESTONE_STATE);
}

void measure_libraries_ready(struct measure_sink *s)
{
    milestone(s, MILESTONE_OPENLIBS);
}

void measure_first_line(struct measure_sink *s)
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

/* Loads are many, their names few: whether the rule means a name is found out once. */
static int module_wanted(const struct measure_sink *s, const struct span_node *n)
{
    enum { UNKNOWN, NO, YES };
    if (!s->rule->module.n && !s->rule->except.n)
        return 1;
    char *known = &s->wanted[n->name_id];
    if (*known == UNKNOWN)
        *known = measure_wanted(s->rule, &s->rule->module, n->name) ? YES : NO;
    return *known == YES;
}

/* 1 where a module that the rule means stands around node N: its time holds N's. */
static int inside_wanted(const struct measure_sink *s, const struct span_node *n)
{
    const struct span_tree *t = &s->digest->spans;
    while (n->parent != SPAN_NO_PARENT) {
        n = &t->node[n->parent];
        if (span_is_module(n->span) && module_wanted(s, n))
            return 1;
    }
    return 0;
}

typedef double node_value(const struct measure_sink *s, const struct span_node *n);

/* OPEN 1: modules that were still being loaded count too. */
static void modules(struct measure_sink *s, node_value *value, int open)
{
    const struct span_tree *t = &s->digest->spans;
    s->wanted = xcalloc(t->name_n + 1, 1);
    for (size_t i = 0; i < t->n; i++) {
        const struct span_node *n = &t->node[i];
        if (span_is_module(n->span) && (open || !n->open) && module_wanted(s, n))
            measure_item(s, value(s, n), n->name);
    }
    free(s->wanted);
    s->wanted = NULL;
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

void measure_module_total(struct measure_sink *s)
{
    modules(s, value_total, 1);
}

void measure_module_self(struct measure_sink *s)
{
    modules(s, value_self, 1);
}

void measure_module_phase(struct measure_sink *s)
{
    modules(s, value_phase, 0);
}

void measure_modules_total(struct measure_sink *s)
{
    if (s->digest->spans.n)
        measure_item(s, (double)s->digest->modules.total_ns, "");
}

void measure_module_lua(struct measure_sink *s)
{
    modules(s, value_lua, 0);
}

void measure_module_lua_total(struct measure_sink *s)
{
    modules(s, value_lua_total, 0);
}

void measure_module_c(struct measure_sink *s)
{
    modules(s, value_c, 0);
}

void measure_module_source(struct measure_sink *s)
{
    modules(s, value_source, 0);
}

void measure_modules_loaded(struct measure_sink *s)
{
    modules(s, value_loaded, 1);
}

void measure_modules_failed(struct measure_sink *s)
{
    modules(s, value_failed, 1);
}

void measure_modules_circular(struct measure_sink *s)
{
    modules(s, value_circular, 1);
}

void measure_files_tried(struct measure_sink *s)
{
    modules(s, value_tries, 1);
}

/* A module that was loaded and never asked for again counts as 0. */
void measure_require_hits(struct measure_sink *s)
{
    struct process *p = s->digest->process;
    modules(s, value_none, 1);
    for (size_t i = 0; i < p->hits.n; i++) {
        const struct rec_require_hit *h = rowset_at(&p->hits, i);
        const char *name = process_display(p, h->name);
        if (measure_wanted(s->rule, &s->rule->module, name))
            measure_item(s, (double)h->n, name);
    }
}

void measure_require_hit_time(struct measure_sink *s)
{
    struct process *p = s->digest->process;
    for (size_t i = 0; i < p->hits.n; i++) {
        const struct rec_require_hit *h = rowset_at(&p->hits, i);
        const char *name = process_display(p, h->name);
        if (h->timed_n && measure_wanted(s->rule, &s->rule->module, name))
            measure_item(s, (double)h->timed_ns / (double)h->timed_n, name);
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
        if (measure_wanted(s->rule, &s->rule->chunk, name))
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

void measure_chunks_compiled(struct measure_sink *s)
{
    chunks(s, chunk_loads);
}

void measure_chunks_repeated(struct measure_sink *s)
{
    chunks(s, chunk_repeats);
}

void measure_chunks_bytes(struct measure_sink *s)
{
    chunks(s, chunk_bytes);
}

void measure_chunks_compile(struct measure_sink *s)
{
    chunks(s, chunk_compile_ns);
}

static uint64_t chunk_run_n(const struct rec_chunk *c)
{
    return c->run_n;
}

void measure_chunks_runs(struct measure_sink *s)
{
    chunks(s, chunk_run_n);
}

/* ---- runs of files and chunks, one by one ---- */

void measure_run_time(struct measure_sink *s)
{
    const struct span_tree *t = &s->digest->spans;
    for (size_t i = 0; i < t->n; i++) {
        const struct span_node *n = &t->node[i];
        uint64_t kind = n->span->begin.kind;
        if ((kind == SPAN_DOFILE || kind == SPAN_MAIN) && !n->open &&
            measure_wanted(s->rule, &s->rule->chunk, n->name))
            measure_item(s, (double)n->total_ns, n->name);
    }
}
