/* chunks: every chunk that is compiled. Context: host threads. */
#include "shim/attach/hooks.h"
#include "shim/hooks/observe.h"

int hook_lua_load(lua_State *L, lua_Reader reader, void *dt, const char *chunkname, const char *mode)
{
    return copy_current()->api.lua_load(L, reader, dt, chunkname, mode);
}

int hook_luaL_loadfilex(lua_State *L, const char *filename, const char *mode)
{
    return copy_current()->api.luaL_loadfilex(L, filename, mode);
}
