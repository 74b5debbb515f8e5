/* stack_delta: two trees of stacks, before and after, in one: what a differential flame graph is drawn
 * from. */
#ifndef COLLECTOR_ANALYSE_STACK_DELTA_H
#define COLLECTOR_ANALYSE_STACK_DELTA_H

#include "collector/analyse/stack_tree.h"

enum { DELTA_BEFORE, DELTA_AFTER, DELTA_N };

struct delta_weight {
    uint64_t self[DELTA_N], total[DELTA_N];
};

struct stack_delta {
    struct stack_tree tree; /* weights are those of both together; texts are those of the two */
    struct delta_weight *weight;                  /* by node */
    uint64_t samples_n[DELTA_N], period[DELTA_N]; /* of sampled metrics: mean weight of a sample */
    double spread[DELTA_N];                       /* stack_spread_of its samples */
    size_t runs[DELTA_N];
    double scale[DELTA_N]; /* weights are so much of those of all runs */
    int shares;
};

/* A side: the tree of so many runs. */
struct delta_side {
    const struct stack_tree *tree;
    size_t runs;
};

/* Of trees of one metric, reshaped alike.  Weights are those of one run, the mean; SHARES: those before are scaled to the
 * total of those after. */
void stack_delta_build(struct stack_delta *d, const struct delta_side side[DELTA_N], int shares);
void stack_delta_release(struct stack_delta *d);

/* How much a node and all below it changed, of the larger of the two: -1 (gone) to 1 (new).  0 where what
 * was sampled does not differ by more than samples do by chance (two runs of one program exceed that in 1 of
 * 400 frames). */
double stack_delta_change(const struct stack_delta *d, uint32_t node);

#endif
