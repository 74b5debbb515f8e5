/* stack_delta: see stack_delta.h. */
#include "collector/analyse/stack_delta.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

static const double chance = 3; /* standard errors */

static uint64_t scaled(uint64_t weight, double scale)
{
    return scale == 1 ? weight : (uint64_t)llround((double)weight * scale);
}

/* Adds the nodes of FROM; returns the node that each became. */
static uint32_t *nodes_add(struct stack_tree *t, const struct stack_tree *from, double scale)
{
    uint32_t *frame = xcalloc(from->frame_n + 1, sizeof *frame);
    uint32_t *node = xcalloc(from->nodes.n, sizeof *node);
    for (size_t i = 0; i < from->frame_n; i++)
        frame[i] = stack_tree_frame(t, &from->frame[i]);
    for (size_t i = 0; i < from->nodes.n; i++) { /* parents stand before children */
        const struct stack_node *n = stack_tree_at(from, i);
        if (i)
            node[i] = stack_tree_child(t, node[n->parent], frame[n->frame]);
        stack_tree_add(t, node[i], scaled(n->self, scale));
    }
    free(frame);
    return node;
}

static void weights_add(struct stack_delta *d, int side, const struct stack_tree *from,
                        const uint32_t *node)
{
    double scale = d->scale[side];
    uint64_t whole = scaled(stack_tree_at(from, 0)->total, scale);
    for (size_t i = 0; i < from->nodes.n; i++) {
        d->weight[node[i]].self[side] += scaled(stack_tree_at(from, i)->self, scale);
        d->weight[node[i]].total[side] += scaled(stack_tree_at(from, i)->total, scale);
    }
    d->samples_n[side] = from->samples_n;
    d->spread[side] = stack_spread_of(&from->spread);
    d->period[side] = from->samples_n ? whole / from->samples_n : 0;
}

static void scales_set(struct stack_delta *d, const struct delta_side side[DELTA_N], int shares)
{
    for (int i = 0; i < DELTA_N; i++) {
        d->runs[i] = side[i].runs ? side[i].runs : 1;
        d->scale[i] = 1 / (double)d->runs[i];
    }
    double before = (double)stack_tree_at(side[DELTA_BEFORE].tree, 0)->total;
    double after = (double)stack_tree_at(side[DELTA_AFTER].tree, 0)->total;
    d->shares = shares && before > 0 && after > 0;
    if (d->shares)
        d->scale[DELTA_BEFORE] = after * d->scale[DELTA_AFTER] / before;
}

void stack_delta_build(struct stack_delta *d, const struct delta_side side[DELTA_N], int shares)
{
    uint32_t *node[DELTA_N];
    memset(d, 0, sizeof *d);
    scales_set(d, side, shares);
    stack_tree_init(&d->tree, side[DELTA_BEFORE].tree->metric);
    for (int i = 0; i < DELTA_N; i++) {
        node[i] = nodes_add(&d->tree, side[i].tree, d->scale[i]);
        d->tree.samples_n += side[i].tree->samples_n;
    }
    d->tree.inverted = side[DELTA_BEFORE].tree->inverted;
    d->weight = xcalloc(d->tree.nodes.n, sizeof *d->weight);
    for (int i = 0; i < DELTA_N; i++) {
        weights_add(d, i, side[i].tree, node[i]);
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
    double error = sqrt(a * (double)d->period[DELTA_BEFORE] * (1 + d->spread[DELTA_BEFORE]) +
                        b * (double)d->period[DELTA_AFTER] * (1 + d->spread[DELTA_AFTER]));
    if (larger <= 0 || fabs(b - a) <= chance * error)
        return 0;
    return (b - a) / larger;
}
