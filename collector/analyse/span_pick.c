/* span_pick: see span_pick.h. */
#include "collector/analyse/span_pick.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

static int larger_first(uint64_t a, uint64_t b)
{
    return a > b ? -1 : a < b;
}

/* Equal ones stay in order of begin: the tree's array is in that order. */
static int in_place(const struct span_node *a, const struct span_node *b)
{
    return a < b ? -1 : a > b;
}

typedef int node_order(const struct span_node *a, const struct span_node *b);

static int by_total(const struct span_node *a, const struct span_node *b)
{
    int r = larger_first(a->total_ns, b->total_ns);
    return r ? r : in_place(a, b);
}

static int by_self(const struct span_node *a, const struct span_node *b)
{
    int r = larger_first(a->self_ns, b->self_ns);
    return r ? r : in_place(a, b);
}

static int by_lua(const struct span_node *a, const struct span_node *b)
{
    if (a->lua_self != b->lua_self)
        return a->lua_self > b->lua_self ? -1 : 1;
    return in_place(a, b);
}

static int by_name(const struct span_node *a, const struct span_node *b)
{
    int r = strcmp(a->name, b->name);
    return r ? r : in_place(a, b);
}

static node_order *const order_of[] = {
    [SPAN_BY_BEGIN] = in_place, [SPAN_BY_TOTAL] = by_total, [SPAN_BY_SELF] = by_self,
    [SPAN_BY_LUA] = by_lua,     [SPAN_BY_NAME] = by_name,
};

struct sort_ctx {
    const struct span_tree *tree;
    node_order *order;
};

static int compare(const void *pa, const void *pb, void *pctx)
{
    const struct sort_ctx *ctx = pctx;
    return ctx->order(&ctx->tree->node[*(const uint32_t *)pa],
                      &ctx->tree->node[*(const uint32_t *)pb]);
}

static void sort(struct span_pick *k, const struct span_tree *t, node_order *order)
{
    struct sort_ctx ctx = {t, order};
    qsort_r(k->node, k->n, sizeof *k->node, compare, &ctx);
}

static int matches(const struct span_node *n, struct process *p, const char *filter)
{
    return !filter || pattern_match(filter, n->name) ||
           (n->span->end.file && pattern_match(filter, process_display(p, n->span->end.file)));
}

void span_pick(struct span_pick *k, const struct span_tree *t, struct process *p,
               const char *filter, enum span_order order, size_t top)
{
    memset(k, 0, sizeof *k);
    k->node = xcalloc(t->n, sizeof *k->node);
    for (uint32_t i = 0; i < t->n; i++)
        if (matches(&t->node[i], p, filter))
            k->node[k->n++] = i;
    k->matched_n = k->n;
    sort(k, t, order == SPAN_BY_BEGIN ? by_total : order_of[order]);
    for (; k->n > top; k->n--)
        k->left_self_ns += t->node[k->node[k->n - 1]].self_ns;
    if (order == SPAN_BY_BEGIN)
        sort(k, t, in_place);
}

void span_pick_release(struct span_pick *k)
{
    free(k->node);
    memset(k, 0, sizeof *k);
}
