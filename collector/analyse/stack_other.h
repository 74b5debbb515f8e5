/* stack_other: trees of what every trace holds: module loads by self time, and calls across the
 * Lua/C border by module and function.  Rows of stack_metrics.def. */
#ifndef COLLECTOR_ANALYSE_STACK_OTHER_H
#define COLLECTOR_ANALYSE_STACK_OTHER_H

#include "collector/analyse/stack_metric.h"

void stack_add_loads(const struct stack_part *p);
void stack_add_crossings(const struct stack_part *p);

#endif
