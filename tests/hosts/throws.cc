// throws: a C++ host on liblua5.4-c++, where Lua's errors are exceptions and its own cross Lua.
/* LINK: -llua5.4-c++ */
#include <cstdio>
#include <stdexcept>
#include <string>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static int destroyed;
struct guard {
    ~guard()
    {
        destroyed++;
    }
};

static int throws(lua_State *L)
{
    guard g;
    throw std::runtime_error("from C++ " + std::string(luaL_optstring(L, 1, "")));
}

static int catches(lua_State *L)
{
    guard g;
    try {
        lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    } catch (const std::exception &e) {
        lua_pushstring(L, e.what());
    }
    return lua_gettop(L);
}

static int lua_error_with_guard(lua_State *L)
{
    guard g;
    return luaL_error(L, "Lua error with a guard");
}

static void run(lua_State *L, const char *text)
{
    try {
        if (luaL_dostring(L, text))
            std::printf("error: %s\n", lua_tostring(L, -1));
        else
            std::printf("result: %s\n", lua_tostring(L, -1));
    } catch (const std::exception &e) {
        std::printf("exception: %s\n", e.what());
    } catch (...) {
        std::printf("an exception of Lua's\n");
    }
    lua_settop(L, 0);
}

int main()
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "throws", throws);
    lua_register(L, "catches", catches);
    lua_register(L, "lua_error_with_guard", lua_error_with_guard);
    run(L, "return 'fine'");
    run(L, "throws 'a'");
    run(L, "return select('#', pcall(throws, 'b'))");
    run(L, "return catches(function() throws 'c' end)");
    run(L, "return tostring(select(2, pcall(lua_error_with_guard)))");
    run(L, "lua_error_with_guard()");
    run(L, "string.gsub('x', 'x', lua_error_with_guard)");
    run(L, "return pcall(string.gsub, 'x', 'x', throws)");
    run(L, "return coroutine.wrap(function() lua_error_with_guard() end)()");
    run(L, "for i = 1, 1000 do pcall(lua_error_with_guard) pcall(catches, error, i) end return "
           "'storm'");
    run(L, "package.preload.m = function() lua_error_with_guard() end return tostring(select(2, "
           "pcall(require, 'm')))");
    run(L, "return require 'fails'");
    run(L, "local function f(n) if n == 0 then error 'deep' end pcall(f, n - 1) "
           "lua_error_with_guard() end return pcall(f, 100)");
    run(L, "local f f = function() return pcall(f) end return tostring(f())");
    run(L, "return coroutine.wrap(function() return pcall(coroutine.yield, 'yielded') end)()");
    try {
        lua_pushstring(L, "unprotected");
        throw 42;
    } catch (int x) {
        std::printf("int %d\n", x);
    }
    lua_close(L);
    std::printf("destroyed %d\n", destroyed);
    return 0;
}
