/* thunk: the compiled stand-ins that Lua is given in place of C functions.
 *
 * ARENA_FUNCTIONS_MAX identical pieces of code that differ in their index only, so the address of a
 * thunk and the index of its function follow from each other by arithmetic: the same function
 * always has the same thunk, and whether an address is a thunk is a comparison.
 *
 * Context: any. */
#ifndef SHIM_ATTACH_THUNK_H
#define SHIM_ATTACH_THUNK_H

/* Known to the assembler too (arch/x86_64/thunk.S). */
#define THUNK_N 4096
#define THUNK_BYTES 32

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include <lua5.4/lua.h>

#include "arena/layout.h"

_Static_assert(THUNK_N == ARENA_FUNCTIONS_MAX, "a thunk for every function");

extern const char thunk_table[THUNK_N * THUNK_BYTES] __attribute__((visibility("hidden")));

/* INDEX must be below ARENA_FUNCTIONS_MAX. */
static inline lua_CFunction thunk_address(uint32_t index)
{
    return (lua_CFunction)(uintptr_t)(thunk_table + (size_t)index * THUNK_BYTES);
}

/* Index of the thunk at P, or -1 where P is no thunk. */
static inline int thunk_index(const void *p)
{
    uintptr_t offset = (uintptr_t)p - (uintptr_t)thunk_table;
    if (offset >= sizeof thunk_table)
        return -1;
    return (int)(offset / THUNK_BYTES);
}

/* What a thunk jumps to when its countdown is spent (shim/hooks/cfunction.c). */
int thunk_slow(lua_State *L, uint32_t index) __attribute__((visibility("hidden")));

#endif
#endif
