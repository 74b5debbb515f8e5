/* lua_chain: see lua_chain.h. */
#include "shim/stack/lua_chain.h"

static int range_of(struct lua_chain *c, uint64_t pc, struct cfi_range *out)
{
    for (int i = 0; i < c->seen_n; i++)
        if (pc - c->seen[i].lo < c->seen[i].hi - c->seen[i].lo) {
            *out = c->seen[i];
            return 0;
        }
    if (native_range(pc, out) != 0)
        return -1;
    if (c->seen_n < LUA_CHAIN_SEEN)
        c->seen[c->seen_n++] = *out;
    return 0;
}

int lua_chain_look(struct lua_chain *c, struct cfi_range *out, int max)
{
    struct native_frame f;
    int n = 0, inside = 0;
    native_begin_caller(&f, c->stack);
    for (int i = 0; i < 2 * LUA_CHAIN_MAX && n < max && native_step(&f, c->stack) > 0; i++) {
        int is_lua = f.pc >= c->copy->text_lo && f.pc < c->copy->text_hi;
        if (inside && !is_lua)
            break;
        inside |= is_lua;
        if (is_lua && range_of(c, f.pc - 1, &out[n]) == 0)
            n++;
    }
    return n;
}
