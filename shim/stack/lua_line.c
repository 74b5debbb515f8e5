/* lua_line: see lua_line.h. */
#include "shim/stack/lua_line.h"

#include "shim/stack/lua_frames.h"
#include "shim/stack/lua_key.h"

enum { BACK_MAX = 1 << 12 };

SHIM_TABLE struct lua_line lua_line[LUA_LINE_N];
_Atomic uint64_t lua_line_salt = UINT64_C(0x9e3779b97f4a7c15);

void lua_line_forget(void)
{
    atomic_fetch_add(&lua_line_salt, UINT64_C(0x3c6ef372fe94f82a));
}

COLD uint64_t lua_line_look(const void *ci, uint64_t pc)
{
    const void *closure = lua_key_pointer(lua_key_pointer(ci, OFFSET_CI_FUNC), 0);
    uint32_t behind =
        lua_proto_line_begin(lua_key_pointer(closure, OFFSET_LCLOSURE_PROTO), pc, BACK_MAX);
    uint64_t line = pc - 4 * (uint64_t)behind;
    struct lua_line *e = lua_line_entry(pc);
    atomic_store_explicit(&e->line, line, memory_order_relaxed);
    atomic_store_explicit(&e->check, pc ^ line ^ lua_line_salt_now(), memory_order_relaxed);
    return line;
}
