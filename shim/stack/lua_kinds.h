/* lua_kinds: what a block is part of to which Lua gives no kind (enum alloc_kind from ALLOC_TABLE_PART on), by the functions
 * of Lua's core that ask for it.
 *
 * These are learnt on a scratch state: tables, stacks, code and the lexer's buffer are made to grow there, and the
 * functions looked up by which that came. A function that serves several of them is passed over.
 *
 * Context: lua_kinds_learn: host thread, one copy at a time; the rest: host threads within an allocator. */
#ifndef SHIM_STACK_LUA_KINDS_H
#define SHIM_STACK_LUA_KINDS_H

#include "shim/attach/copy.h"
#include "shim/attach/scratch.h"
#include "shim/stack/native.h"

/* STACK: this thread's; MEMORY: what a small state needs. */
void lua_kinds_learn(const struct lua_copy *c, const struct native_stack *stack,
                     struct scratch *memory);
void lua_kinds_forget(uint32_t id);

/* A walk outwards from the allocator: shown one return address after the other, until `done`. */
struct lua_kind_look {
    uint8_t kind; /* ALLOC_OTHER: not known (yet) */
    uint8_t done;
};
void lua_kind_look(struct lua_kind_look *k, uint64_t return_address);

#endif
