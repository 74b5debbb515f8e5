/* naming: the names under which Lua programmers know C functions.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_NAMING_H
#define SHIM_HOOKS_NAMING_H

#include "shim/attach/copy.h"
#include "shim/record/record_api.h"

/* How far the search for a function's name has come: 0.. counts the times it was given to Lua
 * without one; from NAMING_SETTLED on it is not looked for when it is given again. */
enum { NAMING_SETTLED = 16, NAMING_FINAL = 255 };
extern _Atomic uint8_t naming_state[ARENA_FUNCTIONS_MAX];

static inline int naming_settled(uint32_t index)
{
    return atomic_load_explicit(&naming_state[index], memory_order_relaxed) >= NAMING_SETTLED;
}

/* The entry at INDEX is a new function. */
void naming_forget(uint32_t index);

/* The function at INDEX is about to be pushed: if it has no name it may get one by what follows. */
void naming_pushed(struct lua_copy *c, lua_State *L, uint32_t index);

#endif
