/* stack_union: see stack_union.h. */
#include "collector/analyse/stack_union.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

static const struct frame folded = {
    .kind = FRAME_NOTE, .label = "[smaller stacks]", .file = "", .source = "", .module = ""};

void stack_union_init(struct stack_union *u)
{
    memset(u, 0, sizeof *u);
    stack_tree_init(&u->tree, NULL);
    u->tree.functions_apart = 1;
}

void stack_union_release(struct stack_union *u)
{
    for (size_t i = 0; i < u->metric_n; i++)
        free(u->metric[i].self);
    stack_tree_release(&u->tree);
    memset(u, 0, sizeof *u);
}

size_t stack_union_metric(struct stack_union *u, const struct stack_metric *m)
{
    for (size_t i = 0; i < u->metric_n; i++)
        if (u->metric[i].about == m)
            return i;
    u->metric[u->metric_n].about = m;
    return u->metric_n++;
}

void stack_union_add(struct stack_union *u, size_t metric, uint32_t node, uint64_t weight)
{
    struct union_metric *m = &u->metric[metric];
    if (node >= m->n) {
        size_t n = u->tree.nodes.n + u->tree.nodes.n / 2;
        m->self = xrealloc(m->self, n, sizeof *m->self);
        memset(m->self + m->n, 0, (n - m->n) * sizeof *m->self);
        m->n = n;
    }
    m->self[node] += weight;
    m->total += weight;
}

void stack_union_add_tree(struct stack_union *u, const struct stack_tree *t)
{
    size_t metric = stack_union_metric(u, t->metric);
    uint32_t *frame = xcalloc(t->frame_n + 1, sizeof *frame);
    uint32_t *node = xcalloc(t->nodes.n, sizeof *node);
    for (size_t i = 0; i < t->frame_n; i++)
        frame[i] = stack_tree_frame(&u->tree, &t->frame[i]);
    for (size_t i = 1; i < t->nodes.n; i++) { /* parents stand before children */
        const struct stack_node *n = stack_tree_at(t, i);
        node[i] = stack_tree_child(&u->tree, node[n->parent], frame[n->frame]);
        if (n->self)
            stack_union_add(u, metric, node[i], n->self);
    }
    free(frame);
    free(node);
}

/* ---- folding ---- */

/* The largest share that each node and all below it have of any metric: of a caller never less than of what
 * it calls. */
static double *shares(const struct stack_union *u)
{
    size_t n = u->tree.nodes.n;
    double *share = xcalloc(n, sizeof *share), *of = xcalloc(n, sizeof *of);
    for (size_t k = 0; k < u->metric_n; k++) {
        const struct union_metric *m = &u->metric[k];
        for (size_t i = 0; i < n; i++)
            of[i] = (double)union_metric_self(m, i);
        for (size_t i = n; i-- > 1;)
            of[stack_tree_at(&u->tree, i)->parent] += of[i];
        for (size_t i = 0; i < n && m->total; i++)
            if (of[i] / (double)m->total > share[i])
                share[i] = of[i] / (double)m->total;
    }
    free(of);
    return share;
}

static int larger_first(const void *pa, const void *pb)
{
    double a = *(const double *)pa, b = *(const double *)pb;
    return a > b ? -1 : a < b;
}

/* The share that fewer than MAX nodes exceed. */
static double threshold(const double *share, size_t n, size_t max)
{
    double *sorted = xcalloc(n, sizeof *sorted);
    memcpy(sorted, share, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, larger_first);
    double least = sorted[max];
    free(sorted);
    return least;
}

static uint32_t *same_places(size_t n)
{
    uint32_t *to = xcalloc(n, sizeof *to);
    for (size_t i = 0; i < n; i++)
        to[i] = (uint32_t)i;
    return to;
}

/* Makes U of OLD without the nodes whose SHARE is not above LEAST. */
static uint32_t *without_small(struct stack_union *u, struct stack_union *old, const double *share,
                               double least)
{
    uint32_t *to = xcalloc(old->tree.nodes.n, sizeof *to);
    uint32_t note;
    for (size_t i = 0; i < old->tree.frame_n; i++)
        stack_tree_frame(&u->tree, &old->tree.frame[i]);
    note = stack_tree_frame(&u->tree, &folded);
    for (size_t i = 1; i < old->tree.nodes.n; i++) {
        const struct stack_node *n = stack_tree_at(&old->tree, i);
        uint32_t parent = to[n->parent];
        int is_folded = parent && stack_tree_at(&u->tree, parent)->frame == note;
        to[i] = is_folded          ? parent
                : share[i] > least ? stack_tree_child(&u->tree, parent, n->frame)
                                   : stack_tree_child(&u->tree, parent, note);
    }
    for (size_t k = 0; k < old->metric_n; k++) {
        size_t metric = stack_union_metric(u, old->metric[k].about);
        for (size_t i = 0; i < old->tree.nodes.n; i++)
            if (union_metric_self(&old->metric[k], i))
                stack_union_add(u, metric, to[i], old->metric[k].self[i]);
    }
    return to;
}

uint32_t *stack_union_fold(struct stack_union *u, size_t node_max)
{
    size_t n = u->tree.nodes.n;
    if (n <= node_max)
        return same_places(n);
    struct stack_union old = *u;
    double *share = shares(&old);
    double least = threshold(share, n, node_max);
    stack_union_init(u);
    uint32_t *to = without_small(u, &old, share, least);
    for (size_t i = 1; i < n; i++)
        u->folded_n += share[i] <= least;
    stack_union_release(&old);
    free(share);
    return to;
}
