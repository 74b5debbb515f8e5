/* lua_chain: which functions of a copy of Lua lie on the C stack, innermost first.
 *
 * Context: host thread, while a copy is learnt; one copy at a time. */
#ifndef SHIM_STACK_LUA_CHAIN_H
#define SHIM_STACK_LUA_CHAIN_H

#include "shim/attach/copy.h"
#include "shim/stack/native.h"

enum { LUA_CHAIN_MAX = 24, LUA_CHAIN_SEEN = 64 };

struct lua_chain {
    const struct lua_copy *copy;
    const struct native_stack *stack;
    /* Functions met so far: looking them up takes most of the time. */
    struct cfi_range seen[LUA_CHAIN_SEEN];
    int seen_n;
};

/* Writes up to MAX (at most LUA_CHAIN_MAX) functions of C's copy from here outwards, as far as they follow each other;
 * returns their number. */
int lua_chain_look(struct lua_chain *c, struct cfi_range *out, int max);

#endif
