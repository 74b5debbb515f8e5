/* attach_plain: a host that calls Lua directly. */
/* LINK: -llua5.4 */
/* attach_plain CHUNK: runs CHUNK in a state; exit 1 on an error.  Tests build it also with Lua linked
 * in, without exporting anything. */
#include <stdio.h>

#include <lua5.4/lauxlib.h>
#include <lua5.4/lualib.h>

static int twice(lua_State *L)
{
    lua_pushinteger(L, 2 * luaL_checkinteger(L, 1));
    return 1;
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    if (argc < 2 || L == NULL)
        return 2;
    luaL_openlibs(L);
    lua_pushcfunction(L, twice);
    if (lua_tocfunction(L, -1) != twice)
        return 3;
    lua_setglobal(L, "twice");
    int status = luaL_dostring(L, argv[1]);
    if (status != LUA_OK)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    return status != LUA_OK;
}
