/* alloc_stack: the stacks of the calling thread, Lua's and C's, as nodes, for an allocation that is being
 * made.
 *
 * Context: host threads within an allocator; not in a signal handler.  Takes some KiB of stack, no locks,
 * keeps errno. */
#ifndef SHIM_HOOKS_ALLOC_STACK_H
#define SHIM_HOOKS_ALLOC_STACK_H

#include "shim/attach/copy.h"

struct alloc_stack {
    uint32_t lua, native; /* node ids; 0: none */
};

/* The Lua stack of the state whose global_State is at GLOBAL (0: of whichever runs). */
void alloc_stack_lua(uint64_t global, struct alloc_stack *out);

/* Both; the native one from the frame on that CALLER returns to. */
void alloc_stack_c(const void *caller, struct alloc_stack *out);

/* A state of C is about to be made: what is needed to know later which state runs. */
void alloc_stack_watch(struct lua_copy *c);

#endif
