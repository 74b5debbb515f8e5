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

enum { LUA_LINE_N = 1 << 12 };

/* The first instruction of a line, or of a stretch of it, by a pc.  The words are written one after the other, by any thread:
 * what another one wrote fits the pc only where the line is the same. */
struct lua_line {
    _Atomic uint64_t check; /* pc ^ line ^ salt */
    _Atomic uint64_t line;
};
extern SHIM_HIDDEN struct lua_line lua_line[LUA_LINE_N];
/* Another one since a pc may have become another function's.  Odd, as no pc is: so no entry of zeros fits. */
extern SHIM_HIDDEN _Atomic uint64_t lua_line_salt;

/* Some function is gone. */
void lua_line_forget(void);

/* Of a pc that is not known yet: that of the Lua function that the call info CI is of. */
uint64_t lua_line_look(const void *ci, uint64_t pc);

static inline uint64_t lua_line_salt_now(void)
{
    return atomic_load_explicit(&lua_line_salt, memory_order_relaxed);
}

static inline struct lua_line *lua_line_entry(uint64_t pc)
{
    char *table = (char *)lua_line;
    __asm__("" : "+r"(table)); /* one register for both words */
    return (struct lua_line *)(void *)(table + (pc & (LUA_LINE_N - 1) << 2) * 4);
}

/* Returns 0 where PC's line is not known: that takes lua_line_look. */
static inline int lua_line_known(uint64_t pc, uint64_t salt, uint64_t *line)
{
    const struct lua_line *e = lua_line_entry(pc);
    *line = atomic_load_explicit(&e->line, memory_order_relaxed);
    return likely((atomic_load_explicit(&e->check, memory_order_relaxed) ^ *line ^ salt) == pc);
}

#endif
