/* stack_order: the nodes of a stack tree in preorder, siblings in order of their labels. */
#ifndef COLLECTOR_ANALYSE_STACK_ORDER_H
#define COLLECTOR_ANALYSE_STACK_ORDER_H

#include "collector/analyse/stack_tree.h"

struct stack_order {
    uint32_t *node;   /* of the tree, in order; [0] is the root */
    uint32_t *number; /* by node: where it stands in this order */
    size_t n;
};

void stack_order_build(struct stack_order *o, const struct stack_tree *t);
void stack_order_release(struct stack_order *o);

#endif
