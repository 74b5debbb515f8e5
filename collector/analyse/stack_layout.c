/* stack_layout: see stack_layout.h. */
#include "collector/analyse/stack_layout.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

/* Frames in order of label; the rank of each. */
static int by_label(const void *pa, const void *pb, void *ctx)
{
    const struct frame *frame = ctx;
    uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
    int r = strcmp(frame[a].label, frame[b].label);
    return r ? r : a < b ? -1 : a > b;
}

static uint32_t *frames_in_order(const struct stack_tree *t)
{
    uint32_t *order = xcalloc(t->frame_n + 1, sizeof *order);
    for (size_t i = 0; i < t->frame_n; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, t->frame_n, sizeof *order, by_label, t->frame);
    return order;
}

/* Node numbers in order of label: nodes counted by frame, then laid out frame by frame. */
static uint32_t *nodes_in_order(const struct stack_tree *t)
{
    uint32_t *order = frames_in_order(t), *at = xcalloc(t->frame_n + 1, sizeof *at);
    uint32_t *out = xcalloc(t->nodes.n, sizeof *out), sum = 0;
    for (size_t i = 1; i < t->nodes.n; i++)
        at[stack_tree_at(t, i)->frame]++;
    for (size_t i = 0; i < t->frame_n; i++) {
        uint32_t n = at[order[i]];
        at[order[i]] = sum;
        sum += n;
    }
    for (size_t i = 1; i < t->nodes.n; i++)
        out[at[stack_tree_at(t, i)->frame]++] = (uint32_t)i;
    free(order);
    free(at);
    return out;
}

void stack_layout_build(struct stack_layout *l, const struct stack_tree *t)
{
    uint32_t *order = nodes_in_order(t), sum = 0;
    l->n = t->nodes.n;
    l->child = xcalloc(l->n, sizeof *l->child);
    l->from = xcalloc(l->n + 1, sizeof *l->from);
    for (size_t i = 1; i < l->n; i++)
        l->from[stack_tree_at(t, i)->parent]++;
    for (size_t i = 0; i <= l->n; i++) {
        uint32_t n = l->from[i];
        l->from[i] = sum;
        sum += n;
    }
    uint32_t *at = xcalloc(l->n, sizeof *at);
    for (size_t i = 0; i + 1 < l->n; i++) {
        uint32_t parent = stack_tree_at(t, order[i])->parent;
        l->child[l->from[parent] + at[parent]++] = order[i];
    }
    free(at);
    free(order);
}

void stack_layout_release(struct stack_layout *l)
{
    free(l->child);
    free(l->from);
    memset(l, 0, sizeof *l);
}
