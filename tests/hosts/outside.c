/* outside: a host that has Lua code run without calling any: by metamethods, a finalizer and a variable that is closed, in no
 * function of Lua's.  Each spins as long as the others.  Built by the tests, with Lua in several ways. */
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

static const char text[] =
    "local function spin(n) local s for i = 1, n do s = { i } end return s end\n"
    "local function index(n) spin(n) return 1 end\n"
    "local function less(n) spin(n) return true end\n"
    "local function text(n) spin(n) return 'text' end\n"
    "local function collected(n) spin(n) end\n"
    "local function closed(n) spin(n) end\n"
    "local n = 15000\n"
    "object = setmetatable({}, { __index = function() return (index(n)) end, __lt = function() "
    "return (less(n)) end,\n"
    "  __tostring = function() return (text(n)) end })\n"
    "function garbage() setmetatable({}, { __gc = function() collected(n) end }) end\n"
    "function variable() return setmetatable({}, { __close = function() closed(n) end }) end\n";

static void called(lua_State *L, const char *name, int results)
{
    lua_getglobal(L, name);
    lua_call(L, 0, results);
}

int main(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_loadbuffer(L, text, strlen(text), "@outside.lua") || lua_pcall(L, 0, 0, 0))
        return 1;
    for (int i = 0; i < 100; i++) {
        lua_getglobal(L, "object");
        lua_getfield(L, -1, "field");
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_compare(L, -1, -2, LUA_OPLT);
        lua_pop(L, 1);
        luaL_tolstring(L, -1, NULL);
        lua_pop(L, 2);
        called(L, "garbage", 0);
        lua_gc(L, LUA_GCCOLLECT);
        called(L, "variable", 1);
        lua_toclose(L, -1);
        lua_pop(L, 1);
    }
    puts("done");
    lua_close(L);
    return 0;
}
