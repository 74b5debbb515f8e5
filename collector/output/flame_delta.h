/* flame_delta: what a flame graph of two sets of traces has in place of one's: colours for what became
 * more and less, amounts before and after. */
#ifndef COLLECTOR_OUTPUT_FLAME_DELTA_H
#define COLLECTOR_OUTPUT_FLAME_DELTA_H

#include <stdio.h>

#include "collector/analyse/stack_delta.h"

/* The class of a frame in flame_style. */
const char *flame_delta_class(const struct stack_delta *d, uint32_t node);
/* Lines of a frame's title. */
void flame_delta_amounts(const struct stack_delta *d, uint32_t node, FILE *out);
/* The sentence below the title. */
void flame_delta_heading(const struct stack_delta *d, FILE *out);
void flame_delta_legend(unsigned x, FILE *out);

#endif
