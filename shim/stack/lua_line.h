/* lua_line: one pc for all of a line, so that calls from the same line have equal stacks.
 *
 * Stacks are told apart by lines.  A line may have many calls (`{tree(d - 1), tree(d - 1)}`), and recursion through these as many
 * different pcs as there are ways down; by lines they are few.
 *
 * Context: the thread that runs the state, within its allocator; lock-free. */
#ifndef SHIM_STACK_LUA_LINE_H
#define SHIM_STACK_LUA_LINE_H

#include <stdatomic.h>
#include <stdint.h>

#include "shim/platform.h"

enum { LUA_LINE_N = 1 << 12, LUA_LINE_BITS = 16 };
#define LUA_LINE_PC (UINT64_MAX << LUA_LINE_BITS)

/* A word says for a pc how many instructions it is behind the first one of its line. */
extern SHIM_HIDDEN _Atomic uint64_t lua_line[LUA_LINE_N];
/* What words are made with: another one since a pc may have become another function's. */
extern SHIM_HIDDEN _Atomic uint64_t lua_line_salt;

/* Some function is gone. */
void lua_line_forget(void);

/* Of a pc that is not known yet: that of the Lua function that the call info CI is of. */
uint64_t lua_line_look(const void *ci, uint64_t pc);

static inline uint64_t lua_line_salt_now(void)
{
    return atomic_load_explicit(&lua_line_salt, memory_order_relaxed);
}

static inline uint64_t lua_line_word(uint64_t pc, uint64_t salt)
{
    return (pc << LUA_LINE_BITS ^ salt) & LUA_LINE_PC;
}

static inline _Atomic uint64_t *lua_line_entry(uint64_t pc)
{
    return &lua_line[(pc >> 2) % LUA_LINE_N];
}

/* How many instructions PC is behind the first one of its line, or of a stretch of it; above LUA_LINE_KNOWN: that takes
 * lua_line_look. */
enum { LUA_LINE_KNOWN = (1 << LUA_LINE_BITS) - 1 };
static inline uint64_t lua_line_behind(uint64_t pc, uint64_t salt)
{
    return atomic_load_explicit(lua_line_entry(pc), memory_order_relaxed) ^ lua_line_word(pc, salt);
}

#endif
