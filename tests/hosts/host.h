/* host: what the test hosts share: make a state, run a text, say what happened. */
#ifndef TESTS_HOSTS_HOST_H
#define TESTS_HOSTS_HOST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static const char host_work[] =
    "local t = {} for i = 1, 100 do t[i] = string.format('%d', math.floor(i / 3)) end "
    "table.sort(t) pcall(error, 'x') "
    "local co = coroutine.wrap(function() coroutine.yield(#t) end) "
    "return co() + #table.concat(t)";

/* Runs TEXT; returns its integer result, or -1 with the message on stderr. */
static inline lua_Integer host_run(lua_State *L, const char *text)
{
    lua_Integer result = -1;
    if (luaL_dostring(L, text))
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    else
        result = lua_tointeger(L, -1);
    lua_settop(L, 0);
    return result;
}

/* A state from begin to end: its result. */
static inline lua_Integer host_state(const char *text)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_Integer result = host_run(L, text);
    lua_close(L);
    return result;
}

#endif
