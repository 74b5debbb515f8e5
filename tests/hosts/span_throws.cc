// span_throws: modules left by C++ exceptions, which no longjmp announces.
/* LINK: -llua5.4-c++ */
#include <cstdio>
#include <stdexcept>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static int throws(lua_State *)
{
    throw std::runtime_error("thrown by the host");
}

static void run(lua_State *L, const char *text)
{
    try {
        if (luaL_dostring(L, text))
            std::printf("error: %s\n", lua_tostring(L, -1));
    } catch (const std::exception &e) {
        std::printf("caught: %s\n", e.what());
    }
    lua_settop(L, 0);
}

int main()
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "throws", throws);
    run(L, "for i = 1, 200 do pcall(require, 'bad') end");
    run(L, "package.preload.thrower = function() throws() end; require 'thrower'");
    run(L, "require 'two'");
    lua_close(L);
    return 0;
}
