/* stack_tree: see stack_tree.h. */
#include "collector/analyse/stack_tree.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

void stack_tree_init(struct stack_tree *t, const struct stack_metric *metric)
{
    memset(t, 0, sizeof *t);
    t->metric = metric;
    rowset_init(&t->nodes, sizeof(struct stack_node));
    rowset_init(&t->frame_ids, sizeof(uint32_t));
    rowset_put(&t->nodes, UINT64_MAX); /* the root: no child has this id */
}

void stack_tree_release(struct stack_tree *t)
{
    rowset_release(&t->nodes);
    rowset_release(&t->frame_ids);
    free(t->frame);
    memset(t, 0, sizeof *t);
}

double stack_spread_of(const struct stack_spread *s)
{
    double spread = s->weight > 0 ? s->n * s->squares / (s->weight * s->weight) - 1 : 0;
    return spread > 0 ? spread : 0;
}

static int is_same(const struct stack_tree *t, const struct frame *a, const struct frame *b)
{
    return a->kind == b->kind && !strcmp(a->label, b->label) &&
           (!t->functions_apart || frame_is_of_same(a, b));
}

uint32_t stack_tree_frame(struct stack_tree *t, const struct frame *f)
{
    uint64_t key = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)f->kind;
    uint32_t *number;
    for (const char *z = f->label; *z; z++)
        key = (key ^ (unsigned char)*z) * UINT64_C(0x100000001b3);
    while (*(number = rowset_put(&t->frame_ids, key)) && !is_same(t, &t->frame[*number - 1], f))
        key++;
    if (*number)
        return *number - 1;
    t->frame = xgrow(t->frame, t->frame_n, &t->frame_cap, sizeof *t->frame);
    t->frame[t->frame_n] = *f;
    *number = (uint32_t)++t->frame_n;
    return *number - 1;
}

uint32_t stack_tree_child(struct stack_tree *t, uint32_t parent, uint32_t frame)
{
    struct stack_node *n = rowset_put(&t->nodes, (uint64_t)parent << 32 | frame);
    n->parent = parent;
    n->frame = frame;
    return (uint32_t)(((char *)n - t->nodes.rows) / (ptrdiff_t)sizeof *n);
}

void stack_tree_add(struct stack_tree *t, uint32_t number, uint64_t weight)
{
    stack_tree_at(t, number)->self += weight;
}

/* The node on the way from NODE up to UNDER that is FRAME's; NODE's child where there is none. */
static uint32_t step(struct stack_tree *t, uint32_t under, uint32_t node, uint32_t frame,
                     int merge_recursion)
{
    if (merge_recursion)
        for (uint32_t i = node; i != under; i = stack_tree_at(t, i)->parent)
            if (stack_tree_at(t, i)->frame == frame)
                return i;
    return stack_tree_child(t, node, frame);
}

/* Node numbers from I's outermost frame to I itself; returns how many. */
static size_t way_to(const struct stack_tree *t, size_t i, uint32_t **way, size_t *cap)
{
    size_t n = 0;
    for (; i; i = stack_tree_at(t, i)->parent) {
        *way = xgrow(*way, n, cap, sizeof **way);
        (*way)[n++] = (uint32_t)i;
    }
    for (size_t k = 0; k < n / 2; k++) {
        uint32_t other = (*way)[k];
        (*way)[k] = (*way)[n - 1 - k];
        (*way)[n - 1 - k] = other;
    }
    return n;
}

void stack_tree_reshape(struct stack_tree *t, const struct stack_shape *shape)
{
    struct stack_tree old = *t;
    uint32_t *way = NULL;
    size_t cap = 0;
    if (!shape->invert && !shape->merge_recursion)
        return;
    rowset_init(&t->nodes, sizeof(struct stack_node));
    rowset_put(&t->nodes, UINT64_MAX);
    for (size_t i = 0; i < old.nodes.n; i++) {
        uint64_t self = stack_tree_at(&old, i)->self;
        if (!self)
            continue;
        size_t n = way_to(&old, i, &way, &cap), kept = n < shape->kept ? n : shape->kept;
        uint32_t node = 0, under = 0;
        for (size_t k = 0; k < n; k++) {
            size_t from = k < kept || !shape->invert ? k : n - 1 - (k - kept);
            node = step(t, under, node, stack_tree_at(&old, way[from])->frame,
                        shape->merge_recursion && k >= kept);
            if (k < kept)
                under = node;
        }
        stack_tree_add(t, node, self);
    }
    t->inverted = shape->invert;
    free(way);
    rowset_release(&old.nodes);
}

void stack_tree_finish(struct stack_tree *t)
{
    for (size_t i = 0; i < t->nodes.n; i++)
        stack_tree_at(t, i)->total = stack_tree_at(t, i)->self;
    for (size_t i = t->nodes.n; i-- > 1;) {
        const struct stack_node *n = stack_tree_at(t, i);
        stack_tree_at(t, n->parent)->total += n->total;
    }
}

static int is_recursion(const struct stack_tree *t, size_t i)
{
    uint32_t frame = stack_tree_at(t, i)->frame;
    for (i = stack_tree_at(t, i)->parent; i; i = stack_tree_at(t, i)->parent)
        if (stack_tree_at(t, i)->frame == frame)
            return 1;
    return 0;
}

static int by_self(const void *pa, const void *pb)
{
    const struct frame_sum *a = pa, *b = pb;
    if (a->self != b->self)
        return a->self > b->self ? -1 : 1;
    if (a->total != b->total)
        return a->total > b->total ? -1 : 1;
    return a->frame < b->frame ? -1 : a->frame > b->frame;
}

/* The frame that has by itself what node N has. */
static uint32_t owner(const struct stack_tree *t, const struct stack_node *n)
{
    const struct stack_node *caller = stack_tree_at(t, n->parent);
    int is_of_lua = n->parent && !t->inverted && frame_is_vm(&t->frame[n->frame]) &&
                    t->frame[caller->frame].kind == FRAME_LUA;
    return is_of_lua ? caller->frame : n->frame;
}

void frame_sums_build(struct frame_sums *s, const struct stack_tree *t)
{
    s->n = t->frame_n;
    s->row = xcalloc(s->n, sizeof *s->row);
    for (size_t i = 0; i < s->n; i++)
        s->row[i].frame = (uint32_t)i;
    for (size_t i = 1; i < t->nodes.n; i++) {
        const struct stack_node *n = stack_tree_at(t, i);
        s->row[owner(t, n)].self += n->self;
        if (!is_recursion(t, i))
            s->row[n->frame].total += n->total;
    }
    if (s->n)
        qsort(s->row, s->n, sizeof *s->row, by_self);
}

void frame_sums_release(struct frame_sums *s)
{
    free(s->row);
    memset(s, 0, sizeof *s);
}
