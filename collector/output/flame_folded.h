/* flame_folded: stacks as lines of text, "outermost;...;innermost WEIGHT": what flamegraph.pl,
 * speedscope and many others read.  Weights are nanoseconds, or calls. */
#ifndef COLLECTOR_OUTPUT_FLAME_FOLDED_H
#define COLLECTOR_OUTPUT_FLAME_FOLDED_H

#include <stdio.h>

#include "collector/analyse/stack_delta.h"

void flame_folded(const struct stack_tree *t, FILE *out);
/* "outermost;...;innermost BEFORE AFTER", as difffolded.pl writes them. */
void flame_folded_delta(const struct stack_delta *d, FILE *out);

#endif
