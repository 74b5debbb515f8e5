/* cross_up: calls from C into Lua of every kind, each a known number of times. */
/* LINK: -llua5.4 */
/* Prints NAME COUNT for each C function that calls up, and the sums. */
#include "tests/hosts/host.h"

/* Calls its argument N times, in three ways. */
static int by_call(lua_State *L)
{
    for (int i = 0; i < 100; i++) {
        lua_pushvalue(L, 1);
        lua_pushinteger(L, i);
        lua_call(L, 1, 0);
    }
    return 0;
}

static int by_pcall(lua_State *L)
{
    for (int i = 0; i < 70; i++) {
        lua_pushvalue(L, 1);
        lua_pcall(L, 0, LUA_MULTRET, 0);
        lua_settop(L, 1);
    }
    return 0;
}

static int by_resume(lua_State *L)
{
    int n;
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    while (lua_resume(co, L, 0, &n) == LUA_YIELD)
        lua_pop(co, n);
    return 0;
}

static int continued(lua_State *L, int status, lua_KContext left)
{
    (void)status;
    if (left == 0)
        return 0;
    lua_pushvalue(L, 1);
    lua_callk(L, 0, 0, left - 1, continued);
    return continued(L, LUA_OK, left - 1);
}

/* Its callee yields: the call never returns, the continuation goes on. */
static int by_callk(lua_State *L)
{
    return continued(L, LUA_OK, 50);
}

static const char script[] =
    "local n = 0 local function f() n = n + 1 end "
    "by_call(f) by_call(math.abs) by_call(setmetatable({}, {__call = f})) "
    "by_pcall(f) by_pcall(function() error('x') end) by_pcall(os.time) "
    "by_resume(function() for i = 1, 19 do coroutine.yield(i) end end) "
    "local co = coroutine.wrap(function() by_callk(coroutine.yield) "
    "                                    by_callk(function() coroutine.yield() end) end) "
    "for i = 1, 101 do co() end "
    "pcall(by_call, function(i) if i == 60 then error('z') end end) ";

int main(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "by_call", by_call);
    lua_register(L, "by_pcall", by_pcall);
    lua_register(L, "by_resume", by_resume);
    lua_register(L, "by_callk", by_callk);
    host_run(L, script);
    for (int i = 0; i < 30; i++)
        host_run(L, "return 1");
    /* The host itself: its 31 chunks. */
    printf("by_call 261\nby_pcall 140\nby_resume 20\nby_callk 50\n");
    printf("host 31\n");
    lua_close(L);
    return 0;
}
