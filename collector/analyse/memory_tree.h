/* memory_tree: allocation as stacks: what was made, is held, was held at the peak, and what the
 * collector's time went to.  Lua and C in their true order, C memory below the Lua code that asked for it. */
#ifndef COLLECTOR_ANALYSE_MEMORY_TREE_H
#define COLLECTOR_ANALYSE_MEMORY_TREE_H

#include "collector/analyse/stack_metric.h"

/* Functions of stack_metrics.def. */
void memory_add_bytes(const struct stack_part *p);
void memory_add_count(const struct stack_part *p);
void memory_add_live(const struct stack_part *p);
void memory_add_peak(const struct stack_part *p);
void memory_add_gc(const struct stack_part *p);

#endif
