/* roomy: calls a function where there is stack enough for it: here, or on a stack that is mapped for the call, where the
 * host is on a fiber, or deep.
 *
 * Context: host threads, also within malloc: no locks, no allocation; keeps errno. */
#ifndef SHIM_STACK_ROOMY_H
#define SHIM_STACK_ROOMY_H

#include <stddef.h>

#include "shim/stack/native.h"

/* N bytes for a stack, of which the lowest ROOMY_GUARD_BYTES are no memory; NULL: there is none.  munmap gives it back. */
enum { ROOMY_GUARD_BYTES = 4096 };
char *roomy_map(size_t n);

typedef void roomy_function(void *argument, const struct native_stack *here);

/* Calls F, which may take BYTES of stack.  MAY_ASK as for native_bounds.  Returns 0, or -1 where there is no memory for that. */
int roomy_call(roomy_function *f, void *argument, size_t bytes, int may_ask);

#endif
