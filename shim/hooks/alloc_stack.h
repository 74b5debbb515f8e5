/* alloc_stack: the stacks of the calling thread, Lua's and C's, as nodes, for an allocation that is being
 * made.
 *
 * Context: host threads within an allocator; not in a signal handler.  Takes some KiB of stack, no locks,
 * keeps errno. */
#ifndef SHIM_HOOKS_ALLOC_STACK_H
#define SHIM_HOOKS_ALLOC_STACK_H

#include "shim/attach/copy.h"
#include "shim/stack/trail.h"

struct alloc_stack {
    uint32_t lua, native; /* node ids; 0: none */
    uint8_t kind;         /* of a block without a kind of Lua's own: enum alloc_kind */
    /* The copy whose Lua stack could not be taken since its structures are not known yet, or NULL. */
    const struct lua_copy *unlearnt;
};

/* The Lua stack of S (of whichever runs, while S is being made), and where there are exact states, what runs in S
 * (current.h).  Within an allocator of Lua's: what is not known of its copy yet is learnt. */
void alloc_stack_lua(const struct arena_state *s, struct alloc_stack *out);

/* The trail from R on, walked and remembered; NULL: it can not be. */
const struct trail *alloc_stack_trail(const struct registers *r, unsigned wants);

/* Both; the native one from the frame on that CALLER returns to. */
void alloc_stack_c(const void *caller, struct alloc_stack *out);

/* Learns C's structures.  Within an allocator of Lua's, not in malloc: it may take locks of the C library.
 * Returns 0, or -1: not on this stack, which has no room. */
int alloc_stack_learn(const struct lua_copy *c);

/* A state of C is about to be made: what is needed to know later which state runs. */
void alloc_stack_watch(struct lua_copy *c);

#endif
