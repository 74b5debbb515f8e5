/* naming: the names under which Lua programmers know C functions.
 *
 *   luaL_setfuncs                  each entry by its name; the module being loaded goes in front
 *   lua_register, pushcfunction
 *     followed by lua_setfield     the key
 *   luaL_newmetatable              methods belong to the type: what is put into the metatable, and
 *                                  what is put into a table that becomes its __index right after
 *   lua_setglobal(table)           what the host put into the table before: the global's name
 *   else                           a hint (name_hint.h), which gives way to any of these
 * The first registration wins: a later alias does not rename a function.
 *
 * Tables are known by their address and the number of their state, which no other state ever
 * gets again.
 *
 * Context: host threads.  Lua's values and the size of its stack are left as they are. */
#ifndef SHIM_HOOKS_NAMING_H
#define SHIM_HOOKS_NAMING_H

#include "shim/attach/copy.h"
#include "shim/hooks/function_notes.h"

/* How far the search for a function's name has come: 0.. counts the times it was given to Lua
 * without one; from NAMING_SETTLED on giving it again does not raise hopes. */
enum { NAMING_SETTLED = 16, NAMING_FINAL = 255 };

static inline int naming_settled(uint32_t index)
{
    return atomic_load_explicit(&function_notes[index].naming, memory_order_relaxed) >=
           NAMING_SETTLED;
}

/* The entry at INDEX is a new function. */
void naming_forget(uint32_t index);

/* The function at INDEX is about to be pushed with N upvalues: if it has no name it may get one by
 * what follows. */
void naming_pushed(struct lua_copy *c, lua_State *L, uint32_t index, int n);

#endif
