/* stack_layout: the children of each node of a stack tree, in order of their labels, so that the
 * same profile always looks the same. */
#ifndef COLLECTOR_ANALYSE_STACK_LAYOUT_H
#define COLLECTOR_ANALYSE_STACK_LAYOUT_H

#include "collector/analyse/stack_tree.h"

struct stack_layout {
    uint32_t *child; /* node numbers; those of node i: child[from[i]] up to child[from[i + 1]] */
    uint32_t *from;
    size_t n;
};

void stack_layout_build(struct stack_layout *l, const struct stack_tree *t);
void stack_layout_release(struct stack_layout *l);

#endif
