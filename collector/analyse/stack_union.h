/* stack_union: one tree of the stacks of several metrics, each with weights of its own.
 *
 * The tree's own weights are not used.  Frames' texts stand in the process's pool. */
#ifndef COLLECTOR_ANALYSE_STACK_UNION_H
#define COLLECTOR_ANALYSE_STACK_UNION_H

#include "collector/analyse/stack_metric.h"

struct union_metric {
    const struct stack_metric *about;
    uint64_t *self; /* by node */
    size_t n;       /* of self; nodes beyond it weigh nothing */
    uint64_t total;
};

struct stack_union {
    struct stack_tree tree;
    struct union_metric metric[STACK_METRIC_N];
    size_t metric_n;
    size_t folded_n; /* nodes that stack_union_fold has taken away */
};

void stack_union_init(struct stack_union *u);
void stack_union_release(struct stack_union *u);

/* The number of this metric in U, made where it is new. */
size_t stack_union_metric(struct stack_union *u, const struct stack_metric *m);
void stack_union_add(struct stack_union *u, size_t metric, uint32_t node, uint64_t weight);
/* Adds all of T, whose metric it is. */
void stack_union_add_tree(struct stack_union *u, const struct stack_tree *t);

/* Where there are more than NODE_MAX nodes: those that weigh least (in every metric) become one frame
 * of their caller's, "[smaller stacks]", so that all sums stay right.  Returns where each node went,
 * for the caller to free. */
uint32_t *stack_union_fold(struct stack_union *u, size_t node_max);

static inline uint64_t union_metric_self(const struct union_metric *m, size_t node)
{
    return node < m->n ? m->self[node] : 0;
}

#endif
