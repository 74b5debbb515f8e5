/* alloc_errand: work that waits for the next Lua allocation, since where it arose (in malloc, in a signal handler) it
 * can not be done.
 *
 * Context: as said at each call. */
#ifndef SHIM_HOOKS_ALLOC_ERRAND_H
#define SHIM_HOOKS_ALLOC_ERRAND_H

#include <stdatomic.h>

#include "shim/attach/copy.h"

extern SHIM_HIDDEN _Atomic unsigned alloc_errands; /* 0: nothing to do */

/* Structures of C are to be learnt (alloc_stack_learn).  Any context. */
void alloc_errand_learn(const struct lua_copy *c);
/* A mark was asked for by a signal.  Any context. */
void alloc_errand_mark(void);

/* Does what waits, and is possible on this stack.  Within a Lua allocation for S. */
void alloc_errand_run(struct arena_state *s);

#endif
