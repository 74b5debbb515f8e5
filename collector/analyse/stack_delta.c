/* stack_delta: see stack_delta.h. */
#include "collector/analyse/stack_delta.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

static const double chance = 3; /* standard errors */

/* Adds the nodes of FROM; returns the node that each became. */
static uint32_t *nodes_add(struct stack_tree *t, const struct stack_tree *from)
{
    uint32_t *frame = xcalloc(from->frame_n + 1, sizeof *frame);
    uint32_t *node = xcalloc(from->nodes.n, sizeof *node);
    for (size_t i = 0; i < from->frame_n; i++)
        frame[i] = stack_tree_frame(t, &from->frame[i]);
    for (size_t i = 0; i < from->nodes.n; i++) { /* parents stand before children */
        const struct stack_node *n = stack_tree_at(from, i);
        if (i)
            node[i] = stack_tree_child(t, node[n->parent], frame[n->frame]);
        stack_tree_add(t, node[i], n->self);
    }
    free(frame);
    return node;
}

static void weights_add(struct stack_delta *d, int side, const struct stack_tree *from,
                        const uint32_t *node)
{
    uint64_t whole = stack_tree_at(from, 0)->total;
    for (size_t i = 0; i < from->nodes.n; i++) {
        d->weight[node[i]].self[side] += stack_tree_at(from, i)->self;
        d->weight[node[i]].total[side] += stack_tree_at(from, i)->total;
    }
    d->samples_n[side] = from->samples_n;
    d->period[side] = from->samples_n ? whole / from->samples_n : 0;
}

void stack_delta_build(struct stack_delta *d, const struct stack_tree *before,
                       const struct stack_tree *after)
{
    const struct stack_tree *from[DELTA_N] = {before, after};
    uint32_t *node[DELTA_N];
    memset(d, 0, sizeof *d);
    stack_tree_init(&d->tree, before->metric);
    for (int i = 0; i < DELTA_N; i++) {
        node[i] = nodes_add(&d->tree, from[i]);
        d->tree.samples_n += from[i]->samples_n;
    }
    d->tree.inverted = before->inverted;
    d->weight = xcalloc(d->tree.nodes.n, sizeof *d->weight);
    for (int i = 0; i < DELTA_N; i++) {
        weights_add(d, i, from[i], node[i]);
        free(node[i]);
    }
    stack_tree_finish(&d->tree);
}

void stack_delta_release(struct stack_delta *d)
{
    stack_tree_release(&d->tree);
    free(d->weight);
    memset(d, 0, sizeof *d);
}

double stack_delta_change(const struct stack_delta *d, uint32_t node)
{
    double a = (double)d->weight[node].total[DELTA_BEFORE];
    double b = (double)d->weight[node].total[DELTA_AFTER], larger = a > b ? a : b;
    /* Of n samples the count varies by sqrt(n), and each weighs a period. */
    double error = sqrt(a * (double)d->period[DELTA_BEFORE] + b * (double)d->period[DELTA_AFTER]);
    if (larger <= 0 || fabs(b - a) <= chance * error)
        return 0;
    return (b - a) / larger;
}
