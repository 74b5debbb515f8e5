/* span_tree: see span_tree.h. */
#include "collector/analyse/span_tree.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/rowset.h"
#include "collector/util/xalloc.h"

static int begin_order(const void *pa, const void *pb)
{
    const struct span *a = ((const struct span_node *)pa)->span;
    const struct span *b = ((const struct span_node *)pb)->span;
    if (a->begin.begin_ns != b->begin.begin_ns)
        return a->begin.begin_ns < b->begin.begin_ns ? -1 : 1;
    return a->begin.id < b->begin.id ? -1 : a->begin.id > b->begin.id;
}

/* Chunk names are as Lua writes them: "@file", "=name", or the text itself. */
static int is_chunk(const struct span *s)
{
    return s->begin.kind != SPAN_REQUIRE && s->begin.kind != SPAN_REQUIREF;
}

static const char *plain_name(struct process *p, const struct span *s)
{
    const char *name = process_display(p, s->begin.name);
    if (is_chunk(s) && (name[0] == '@' || name[0] == '='))
        name++;
    if (!*name)
        name = span_kind_name((unsigned)s->begin.kind);
    return name;
}

/* A name and its number, made once. */
struct name {
    const char *text;
    uint32_t id;
};

static void name_give(struct span_node *n, struct process *p, struct rowset *names)
{
    uint64_t key = n->span->begin.name << 1 | (uint64_t)is_chunk(n->span);
    if (!n->span->begin.name)
        key = UINT64_MAX - n->span->begin.kind; /* it is called by its kind */
    size_t known = names->n;
    struct name *name = rowset_put(names, key);
    if (names->n > known)
        *name = (struct name){plain_name(p, n->span), (uint32_t)known};
    n->name = name->text;
    n->name_id = name->id;
}

static void nodes_fill(struct span_tree *t, struct process *p)
{
    t->node = xcalloc(p->spans.n, sizeof *t->node);
    for (size_t i = 0; i < p->spans.n; i++) {
        const struct span *s = rowset_at(&p->spans, i);
        if (s->seen & SPAN_SEEN_BEGIN) /* an end alone does not even tell the name */
            t->node[t->n++].span = s;
    }
    struct rowset names;
    rowset_init(&names, sizeof(struct name));
    qsort(t->node, t->n, sizeof *t->node, begin_order);
    for (size_t i = 0; i < t->n; i++) {
        struct span_node *n = &t->node[i];
        name_give(n, p, &names);
        n->open = !(n->span->seen & SPAN_SEEN_END);
        n->total_ns = n->self_ns = span_total_ns(p, n->span);
        n->run_self_ns = n->span->end.phase_ns[PHASE_RUN];
        n->lua_self = n->span->end.lua_bytes;
        n->c_self = n->span->end.c_bytes;
        n->parent = SPAN_NO_PARENT;
    }
    t->name_n = (uint32_t)names.n;
    rowset_release(&names);
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void parent_charge(struct span_node *parent, const struct span_node *child)
{
    parent->child_n++;
    parent->self_ns = less(parent->self_ns, child->total_ns);
    parent->run_self_ns = less(parent->run_self_ns, child->total_ns);
    if (parent->open) /* what it gained is not known */
        return;
    parent->lua_self -= child->span->end.lua_bytes;
    parent->c_self -= child->span->end.c_bytes;
}

static void parents_find(struct span_tree *t)
{
    struct rowset number; /* uint32_t, by span id */
    rowset_init(&number, sizeof(uint32_t));
    for (uint32_t i = 0; i < t->n; i++) {
        struct span_node *n = &t->node[i];
        const uint32_t *parent = rowset_find(&number, n->span->begin.parent);
        if (parent) { /* only earlier nodes are in the set: no circles */
            n->parent = *parent;
            n->depth = t->node[*parent].depth + 1;
            parent_charge(&t->node[*parent], n);
        }
        *(uint32_t *)rowset_put(&number, n->span->begin.id) = i;
    }
    rowset_release(&number);
}

static void tries_count(struct span_tree *t, const struct process *p)
{
    struct rowset tries; /* uint32_t, by span id */
    rowset_init(&tries, sizeof(uint32_t));
    for (size_t i = 0; i < p->tries.n; i++) {
        const struct rec_span_try *r = rowset_at(&p->tries, i);
        ++*(uint32_t *)rowset_put(&tries, r->span);
    }
    for (size_t i = 0; i < t->n; i++) {
        const uint32_t *n = rowset_find(&tries, t->node[i].span->begin.id);
        t->node[i].try_n = n ? *n : 0;
    }
    rowset_release(&tries);
}

void span_tree_build(struct span_tree *t, struct process *p)
{
    memset(t, 0, sizeof *t);
    nodes_fill(t, p);
    parents_find(t);
    tries_count(t, p);
}

void span_tree_release(struct span_tree *t)
{
    free(t->node);
    memset(t, 0, sizeof *t);
}

uint64_t span_load_ns(const struct span *s)
{
    const uint64_t *ns = s->end.phase_ns;
    return ns[PHASE_MAP] + ns[PHASE_RELOCATE] + ns[PHASE_CONSTRUCT];
}

int span_is_module(const struct span *s)
{
    return s->begin.kind == SPAN_REQUIRE || s->begin.kind == SPAN_REQUIREF;
}
