/* naming: the names under which Lua programmers know C functions. */
#include "shim/hooks/naming.h"

#include "shim/attach/hooks.h"

_Atomic uint8_t naming_state[ARENA_FUNCTIONS_MAX];

void naming_forget(uint32_t index)
{
    atomic_store(&naming_state[index], 0);
}

void naming_pushed(struct lua_copy *c, lua_State *L, uint32_t index)
{
    (void)c, (void)L, (void)index;
}

void hook_luaL_setfuncs(lua_State *L, const luaL_Reg *l, int nup)
{
    copy_current()->api.luaL_setfuncs(L, l, nup);
}

int hook_luaL_newmetatable(lua_State *L, const char *tname)
{
    return copy_current()->api.luaL_newmetatable(L, tname);
}

void hook_lua_setfield(lua_State *L, int idx, const char *k)
{
    copy_current()->api.lua_setfield(L, idx, k);
}

void hook_lua_setglobal(lua_State *L, const char *name)
{
    copy_current()->api.lua_setglobal(L, name);
}
