/* lua_roles: finds the functions of a copy of Lua that collect garbage, parse, and allocate.
 *
 * A scratch state's allocator and reader look up the C stack while lua_gc and lua_load run.
 *
 * Context: host thread, before the first sample; one copy at a time. */
#ifndef SHIM_STACK_LUA_ROLES_H
#define SHIM_STACK_LUA_ROLES_H

#include "shim/attach/copy.h"
#include "shim/attach/scratch.h"
#include "shim/stack/cfi.h"
#include "shim/stack/native.h"

/* Notes what is found in arena->copies; VM is the loop that is known already; STACK: this
 * thread's; MEMORY: what a small state needs. */
void lua_roles_learn(const struct lua_copy *c, const struct cfi_range *vm,
                     const struct native_stack *stack, struct scratch *memory);

#endif
