/* name_hint: names for C functions that are never registered where naming.c would see it.
 *
 *   "string.gmatch (inner)"   given to Lua by a C function that has a name: an iterator, say
 *   "package.(inner 02)"      the second closure that a module made while it was loaded: a searcher
 *   "settimeout"              put into a table by lua_rawset: known as the Lua code calls it that
 *                             calls it first, as a global, field or method
 *
 * Context: host threads.  Lua's values and the size of its stack are left as they are. */
#ifndef SHIM_HOOKS_NAME_HINT_H
#define SHIM_HOOKS_NAME_HINT_H

#include "shim/attach/copy.h"
#include "shim/hooks/naming.h"

/* None; one that gives way to what callers call the function; one that gives way to registration
 * only. */
enum hint_strength { HINT_NONE, HINT_WEAK, HINT_STRONG };

/* 1: what its caller calls it would be welcome. */
static inline int name_hint_wanted(uint32_t index)
{
    return atomic_load_explicit(&function_notes[index].naming, memory_order_relaxed) !=
               NAMING_FINAL &&
           function_notes[index].hint != HINT_STRONG;
}

/* Takes the hint away: a name comes. */
void name_hint_forget(uint32_t index);

/* The nameless function at INDEX is about to be pushed with N upvalues. */
void name_hint_pushed(struct lua_copy *c, lua_State *L, uint32_t index, int n);

/* The function at INDEX runs on L, called for one of the first times. */
void name_hint_called(lua_State *L, uint32_t index);

#endif
