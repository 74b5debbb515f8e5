/* stack_adder: puts the merged stacks of one process into a tree.
 *
 * A stack has most of its outer frames in common with the one before it, if they come in `merger_order`: those
 * are taken from there, not looked up. */
#ifndef COLLECTOR_ANALYSE_STACK_ADDER_H
#define COLLECTOR_ANALYSE_STACK_ADDER_H

#include "collector/analyse/stack_merge.h"
#include "collector/analyse/stack_tree.h"

struct stack_adder {
    struct stack_tree *tree;     /* not owned, nor is: */
    const struct frames *frames; /* what merged stacks have numbers of */
    uint32_t under;              /* the node of the tree below which all of them go */
    /* of its own */
    uint32_t *number; /* of the frames in the tree, + 1; 0: not asked for yet */
    size_t number_n;
    struct adder_step {
        uint32_t frame, node; /* frame: in `frames` */
    } * way;                  /* of the latest stack, outermost first */
    size_t way_n, way_cap;
};

/* A zeroed adder with its first three fields set is ready. */
void stack_adder_release(struct stack_adder *a);

/* The number in the tree of a frame of `frames`. */
uint32_t stack_adder_frame(struct stack_adder *a, uint32_t frame);

/* The node of the innermost frame of S. */
uint32_t stack_adder_node(struct stack_adder *a, const struct merged *s);

#endif
