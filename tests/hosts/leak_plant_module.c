/* leak_plant_module: a C module that can be told to lose memory, and not to. */
/* LINK: */
/* ref(v) -> n, unref(n)   a reference in the registry
 * lose(n), borrow(n)      a block of C memory, never freed; or freed at once
 * grow(n), shrink()       one block that is resized to N more bytes; given back
 * box(n), own(n)          userdata that owns a block: without __gc, so the block is lost; with it
 * usable(n)               bytes that a block of N really has */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

static void *volatile lost;
static char *grown;
static size_t grown_n;

static int plant_ref(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushinteger(L, luaL_ref(L, LUA_REGISTRYINDEX));
    return 1;
}

static int plant_unref(lua_State *L)
{
    luaL_unref(L, LUA_REGISTRYINDEX, (int)luaL_checkinteger(L, 1));
    return 0;
}

static void *block(lua_State *L)
{
    size_t n = (size_t)luaL_checkinteger(L, 1);
    void *p = malloc(n);
    if (!p)
        luaL_error(L, "no memory");
    memset(p, 1, n);
    return p;
}

static int plant_lose(lua_State *L)
{
    lost = block(L);
    return 0;
}

static int plant_borrow(lua_State *L)
{
    free(block(L));
    return 0;
}

static int plant_grow(lua_State *L)
{
    size_t n = grown_n + (size_t)luaL_checkinteger(L, 1);
    char *p = realloc(grown, n);
    if (!p)
        return luaL_error(L, "no memory");
    grown = p;
    grown_n = n;
    return 0;
}

static int plant_shrink(lua_State *L)
{
    (void)L;
    free(grown);
    grown = NULL;
    grown_n = 0;
    return 0;
}

static void boxed(lua_State *L, const char *type)
{
    void **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, type);
    *box = block(L);
}

static int plant_box(lua_State *L)
{
    boxed(L, "plant.box");
    return 1;
}

static int plant_own(lua_State *L)
{
    boxed(L, "plant.own");
    return 1;
}

static int own_gc(lua_State *L)
{
    void **box = luaL_checkudata(L, 1, "plant.own");
    free(*box);
    *box = NULL;
    return 0;
}

static int plant_usable(lua_State *L)
{
    void *p = block(L);
    lua_pushinteger(L, (lua_Integer)malloc_usable_size(p));
    free(p);
    return 1;
}

int luaopen_leak_plant_module(lua_State *L);
int luaopen_leak_plant_module(lua_State *L)
{
    static const luaL_Reg functions[] = {{"ref", plant_ref},       {"unref", plant_unref},
                                         {"lose", plant_lose},     {"borrow", plant_borrow},
                                         {"grow", plant_grow},     {"shrink", plant_shrink},
                                         {"box", plant_box},       {"own", plant_own},
                                         {"usable", plant_usable}, {NULL, NULL}};
    luaL_newmetatable(L, "plant.box");
    luaL_newmetatable(L, "plant.own");
    lua_pushcfunction(L, own_gc);
    lua_setfield(L, -2, "__gc");
    luaL_newlib(L, functions);
    return 1;
}
