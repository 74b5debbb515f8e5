/* cross_oracle_module: counts calls of C functions by Lua's own call hook, as a profiler should. */
/* LINK: */
/* A hook of C is inherited by coroutines; one set by debug.sethook is not. */
#include <lauxlib.h>
#include <lua.h>

#define FUNCTIONS 1024

static struct {
    lua_CFunction function;
    lua_Integer n;
} counted[FUNCTIONS];

static void on_call(lua_State *L, lua_Debug *ar)
{
    if (!lua_getinfo(L, "f", ar))
        return;
    lua_CFunction f = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    for (int i = 0; f && i < FUNCTIONS; i++) {
        if (!counted[i].function)
            counted[i].function = f;
        if (counted[i].function == f) {
            counted[i].n++;
            return;
        }
    }
}

static int start(lua_State *L)
{
    lua_sethook(L, on_call, LUA_MASKCALL, 0);
    return 0;
}

/* Returns {[address] = calls}. */
static int stop(lua_State *L)
{
    lua_sethook(L, NULL, 0, 0);
    lua_newtable(L);
    for (int i = 0; i < FUNCTIONS && counted[i].function; i++) {
        if (counted[i].function == stop)
            continue;
        lua_pushlightuserdata(L, (void *)counted[i].function);
        lua_pushinteger(L, counted[i].n);
        lua_rawset(L, -3);
    }
    return 1;
}

/* The address of a C function; nil for anything else. */
static int address(lua_State *L)
{
    lua_CFunction f = lua_tocfunction(L, 1);
    if (!f)
        return 0;
    lua_pushlightuserdata(L, (void *)f);
    return 1;
}

int luaopen_cross_oracle_module(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", start}, {"stop", stop}, {"address", address}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
