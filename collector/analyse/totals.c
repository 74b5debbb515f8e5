/* totals: see totals.h. */
#include "collector/analyse/totals.h"

#include <string.h>

static void count_kind(struct module_totals *m, const struct span *s)
{
    switch (s->end.load) {
    case LOAD_LUA_FILE:
        m->lua_n++;
        break;
    case LOAD_C_LIBRARY:
        m->c_n++;
        break;
    case LOAD_BUILTIN:
        m->builtin_n++;
        break;
    default:
        m->other_n++;
    }
}

static void count_module(struct module_totals *m, const struct span_node *n)
{
    if (n->open)
        m->open_n++;
    else if (n->span->end.load == LOAD_CIRCULAR)
        m->circular_n++;
    else if (n->span->end.status != SPAN_OK || n->span->end.load == LOAD_NOT_FOUND)
        m->failed_n++;
    else
        count_kind(m, n->span);
}

static int inside_module(const struct span_tree *t, const struct span_node *n)
{
    for (; n->parent != SPAN_NO_PARENT; n = &t->node[n->parent])
        if (span_is_module(t->node[n->parent].span))
            return 1;
    return 0;
}

void module_totals(struct module_totals *m, const struct process *p, const struct span_tree *t)
{
    memset(m, 0, sizeof *m);
    for (size_t i = 0; i < t->n; i++) {
        const struct span_node *n = &t->node[i];
        if (!span_is_module(n->span))
            continue;
        count_module(m, n);
        for (int ph = 0; ph < PHASE_N; ph++)
            m->phase_ns[ph] += ph == PHASE_RUN ? n->run_self_ns : n->span->end.phase_ns[ph];
        if (!inside_module(t, n))
            m->total_ns += n->total_ns;
    }
    for (size_t i = 0; i < p->hits.n; i++)
        m->hit_n += ((const struct rec_require_hit *)rowset_at(&p->hits, i))->n;
}

/* No less than nothing, also in a trace of which a part is lost. */
static uint64_t class_left(const struct rec_state *s, int c)
{
    uint64_t made = s->class_inherited_n[c] + s->class_alloc_n[c];
    return made > s->class_free_n[c] ? made - s->class_free_n[c] : 0;
}

static void state_add(struct lua_totals *l, const struct rec_state *s)
{
    for (int k = 0; k < ALLOC_KIND_N; k++) {
        l->kind_n[k] += s->kind_n[k];
        l->kind_bytes[k] += s->kind_bytes[k];
        l->alloc_n += s->kind_n[k];
        l->alloc_bytes += s->kind_bytes[k];
    }
    for (int c = 0; c < SIZE_CLASS_N; c++) {
        l->class_alloc_n[c] += s->class_alloc_n[c];
        l->class_free_n[c] += s->class_free_n[c];
        l->class_left_n[c] += class_left(s, c);
    }
    l->realloc_n += s->realloc_n;
    l->grow_bytes += s->grow_bytes;
    l->shrink_bytes += s->shrink_bytes;
    l->free_bytes += s->free_bytes;
    l->fail_n += s->fail_n;
    l->peaks_bytes += s->peak_bytes;
    if (s->peak_bytes > l->peak_bytes)
        l->peak_bytes = s->peak_bytes;
    l->live_bytes += s->closed_ns ? s->close_live_bytes : s->live_bytes;
    l->open_n += !s->closed_ns;
    l->dropped_n += s->dropped != 0;
    l->dropped_bytes += s->dropped ? s->close_live_bytes : 0;
    l->state_n++;
}

void lua_totals(struct lua_totals *l, const struct process *p)
{
    memset(l, 0, sizeof *l);
    for (size_t i = 0; i < p->states.n; i++)
        state_add(l, rowset_at(&p->states, i));
}

void c_totals(struct c_totals *c, const struct process *p)
{
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < p->c_allocs.n; i++) {
        const struct rec_c_alloc *r = rowset_at(&p->c_allocs, i);
        c->alloc_n += r->alloc_n;
        c->alloc_bytes += r->alloc_bytes;
        c->usable_bytes += r->usable_bytes;
        c->realloc_n += r->realloc_n;
        c->free_n += r->free_n;
        c->free_bytes += r->free_bytes;
        c->fail_n += r->fail_n;
    }
}

uint64_t size_class_limit(unsigned c)
{
    if (c >= SIZE_CLASS_N - 1)
        return 0;
    return c <= 8 ? c * UINT64_C(16) : UINT64_C(128) << (c - 8);
}
