/* stack_other: trees of what every trace holds: module loads by self time, and calls across the
 * Lua/C border by module and function. */
#ifndef COLLECTOR_ANALYSE_STACK_OTHER_H
#define COLLECTOR_ANALYSE_STACK_OTHER_H

#include "collector/analyse/stack_tree.h"

void stack_add_loads(struct stack_tree *t, uint32_t under, struct process *p);
void stack_add_crossings(struct stack_tree *t, uint32_t under, struct process *p,
                         struct symbols *symbols);

#endif
