/* modules: require, luaL_requiref, luaL_openlibs and dofile as spans. Context: host threads. */
#include "shim/attach/hooks.h"
#include "shim/hooks/observe.h"

SHIM_TLS uint32_t observe_calls;
uint8_t observe_marked[ARENA_FUNCTIONS_MAX];

void observed_callk(struct lua_copy *c, lua_State *L, int nargs, int nresults, lua_KContext ctx,
                    lua_KFunction k)
{
    c->api.lua_callk(L, nargs, nresults, ctx, k);
}

int observed_pcallk(struct lua_copy *c, lua_State *L, int nargs, int nresults, int errfunc,
                    lua_KContext ctx, lua_KFunction k)
{
    return c->api.lua_pcallk(L, nargs, nresults, errfunc, ctx, k);
}

int observed_function(struct lua_copy *c, lua_State *L, lua_CFunction original, uint32_t index)
{
    (void)c;
    (void)index;
    return original(L);
}

void observe_named(struct lua_copy *c, uint32_t index, const char *module, const char *name)
{
    (void)c;
    (void)index;
    (void)module;
    (void)name;
}

const char *observe_module(struct lua_copy *c, lua_State *L)
{
    (void)c;
    (void)L;
    return "";
}

void hook_luaL_requiref(lua_State *L, const char *modname, lua_CFunction openf, int glb)
{
    copy_current()->api.luaL_requiref(L, modname, openf, glb);
}

void hook_luaL_openlibs(lua_State *L)
{
    copy_current()->api.luaL_openlibs(L);
}
