/* stack_tree: stacks added up in a tree, with a weight for each: what flame graphs are drawn from.
 *
 * Frames are numbers in the tree's own table, so trees can be made of anything that nests: CPU
 * samples, module loads, calls. */
#ifndef COLLECTOR_ANALYSE_STACK_TREE_H
#define COLLECTOR_ANALYSE_STACK_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "collector/analyse/stack_frames.h"

enum stack_unit { UNIT_NS, UNIT_COUNT, UNIT_BYTES };

struct stack_metric;

struct stack_node {
    uint32_t parent,
        frame;            /* a parent stands before its children; the root [0] is its own parent */
    uint64_t self, total; /* total: after stack_tree_finish */
};

/* Samples stand for different times: on a busy machine a timer's sample may stand for that of a hundred others. */
struct stack_spread {
    double n, weight, squares; /* of the samples; what is measured is left out */
};

/* The square of the coefficient of variation of the samples' weights, 0 where all weigh the same: N of them tell as much as
 * N / (1 + this) that do. */
double stack_spread_of(const struct stack_spread *s);

struct stack_tree {
    struct rowset nodes; /* struct stack_node, by parent and frame */
    struct frame *frame; /* texts are not owned */
    size_t frame_n, frame_cap;
    struct rowset frame_ids;           /* of stack_tree_frame: uint32_t + 1 */
    const struct stack_metric *metric; /* what the weights are */
    uint64_t samples_n;                /* 0: not made of samples */
    struct stack_spread spread;
    int inverted;
    int functions_apart; /* 1: lines of one label in two functions (one in the other) are two frames */
};

void stack_tree_init(struct stack_tree *t, const struct stack_metric *metric);
void stack_tree_release(struct stack_tree *t);

/* The number of a frame like F (by kind and label). */
uint32_t stack_tree_frame(struct stack_tree *t, const struct frame *f);
/* The child of PARENT for FRAME, made where there is none. */
uint32_t stack_tree_child(struct stack_tree *t, uint32_t parent, uint32_t frame);
/* Adds WEIGHT to node NUMBER itself. */
void stack_tree_add(struct stack_tree *t, uint32_t number, uint64_t weight);
/* Sums up.  Nothing is added afterwards. */
void stack_tree_finish(struct stack_tree *t);

static inline struct stack_node *stack_tree_at(const struct stack_tree *t, size_t i)
{
    return rowset_at(&t->nodes, i);
}

/* Makes T anew with callers above their callees (INVERT), and with functions that are on a stack already
 * not added to it again (MERGE_RECURSION).  The first KEPT levels stay as they are.  Before
 * stack_tree_finish. */
struct stack_shape {
    int invert, merge_recursion;
    unsigned kept;
};
void stack_tree_reshape(struct stack_tree *t, const struct stack_shape *shape);

/* What each frame has by itself, and with all that it calls (recursion counted once).  What Lua's VM does for
 * a Lua function, [vm], is the function's own; collector, parser and allocator are not. */
struct frame_sum {
    uint32_t frame;
    uint64_t self, total;
};
struct frame_sums {
    struct frame_sum *row; /* largest self first */
    size_t n;
};
void frame_sums_build(struct frame_sums *s, const struct stack_tree *t);
void frame_sums_release(struct frame_sums *s);

#endif
