/* stack_inline: source lines of native frames, and the functions that were inlined there. */
#ifndef COLLECTOR_ANALYSE_STACK_INLINE_H
#define COLLECTOR_ANALYSE_STACK_INLINE_H

#include "collector/analyse/stack_frames.h"

/* Adds to PLACE the functions that DWARF says were inlined at Q, and to WANTED, the frame of the function around
 * them, its source line (BY_LINE), and its name where it has none (a label that begins with '['). */
void frames_inline(struct frames *f, const struct symbol_query *q, struct place *place,
                   struct frame *wanted);

#endif
