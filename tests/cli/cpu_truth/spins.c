/* spins: a C library that burns CPU time in a function that it does not export. */
#include <lauxlib.h>

static __attribute__((noinline)) unsigned spins_burn(lua_Integer n)
{
    volatile unsigned x = 1;
    for (lua_Integer i = 0; i < n; i++)
        x = x * 1664525u + 1013904223u;
    return x;
}

static int spin(lua_State *L)
{
    lua_pushinteger(L, spins_burn(luaL_checkinteger(L, 1)));
    return 1;
}

int luaopen_spins(lua_State *L)
{
    lua_newtable(L);
    lua_pushcfunction(L, spin);
    lua_setfield(L, -2, "spin");
    return 1;
}
