/* identity_module: a C module that compares functions the way C code does. */
/* LINK: */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

static int other(lua_State *L);

/* True where the argument is this very C function. */
static int own(lua_State *L)
{
    lua_pushboolean(L, lua_tocfunction(L, 1) == own);
    return 1;
}

static int other(lua_State *L)
{
    lua_pushboolean(L, lua_tocfunction(L, 1) == other);
    return 1;
}

/* Two pushes of one function are equal, to Lua and to C. */
static int check(lua_State *L)
{
    lua_CFunction a = lua_tocfunction(L, 1), b = lua_tocfunction(L, 2);
    lua_pushcfunction(L, a);
    if (!lua_rawequal(L, -1, 1) || lua_tocfunction(L, -1) != a || a == b)
        return luaL_error(L, "functions are not what they were");
    if (!lua_iscfunction(L, 1) || lua_tocfunction(L, lua_upvalueindex(1)))
        return luaL_error(L, "not a C function any more");
    return 0;
}

static int push_again(lua_State *L)
{
    lua_pushcfunction(L, own);
    return 1;
}

static int address_is_code(lua_State *L)
{
    lua_pushboolean(L, lua_topointer(L, 1) == (const void *)own);
    return 1;
}

static int closure_body(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

static int closure(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushcclosure(L, closure_body, 1);
    return 1;
}

static int closure_function(lua_State *L)
{
    lua_pushboolean(L, lua_tocfunction(L, 1) == closure_body);
    lua_pushstring(L, lua_getupvalue(L, 1, 1));
    return 2;
}

/* Which of the arguments share their lua_topointer. */
static int topointer_relations(lua_State *L)
{
    int n = lua_gettop(L);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= n; j++)
            luaL_addchar(&b, lua_topointer(L, i) == lua_topointer(L, j) ? '=' : '.');
    luaL_pushresult(&b);
    return 1;
}

static int fails_with_name(lua_State *L)
{
    return luaL_error(L, "error from %s", "C");
}

static int argument(lua_State *L)
{
    static const char *const options[] = {"one", "two", NULL};
    lua_pushinteger(L, luaL_checkoption(L, 1, "one", options));
    return 1;
}

static int buffer(lua_State *L)
{
    lua_Integer n = luaL_checkinteger(L, 1);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (lua_Integer i = 0; i < n; i++)
        luaL_addlstring(&b, "abc", 3);
    luaL_pushresult(&b);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

static int call_through_c(lua_State *L)
{
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int after_yield(lua_State *L, int status, lua_KContext k)
{
    lua_pushinteger(L, status);
    lua_pushinteger(L, (lua_Integer)k);
    return lua_gettop(L);
}

static int yield_across(lua_State *L)
{
    int status = lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 42, after_yield);
    return after_yield(L, status, -1);
}

/* What lpeg and luaL_Buffer do: allocate with the pair that lua_getallocf gives. */
static int allocator_pair_works(lua_State *L)
{
    void *ud, *ud_again;
    lua_Alloc f = lua_getallocf(L, &ud);
    char *p = f(ud, NULL, 0, 100);
    memset(p, 1, 100);
    p = f(ud, p, 100, 5000);
    int kept = p[99] == 1;
    f(ud, p, 5000, 0);
    lua_setallocf(L, f, ud);
    lua_pushboolean(L, kept && lua_getallocf(L, &ud_again) == f && ud == ud_again);
    return 1;
}

static int where(lua_State *L)
{
    luaL_where(L, 1);
    return 1;
}

static int traceback(lua_State *L)
{
    luaL_traceback(L, L, "from C", 0);
    return 1;
}

static int register_again(lua_State *L);

static const luaL_Reg functions[] = {{"check", check},
                                     {"own", own},
                                     {"other", other},
                                     {"push_again", push_again},
                                     {"register_again", register_again},
                                     {"address_is_code", address_is_code},
                                     {"closure", closure},
                                     {"closure_function", closure_function},
                                     {"topointer_relations", topointer_relations},
                                     {"fails_with_name", fails_with_name},
                                     {"argument", argument},
                                     {"buffer", buffer},
                                     {"call_through_c", call_through_c},
                                     {"yield_across", yield_across},
                                     {"allocator_pair_works", allocator_pair_works},
                                     {"where", where},
                                     {"traceback", traceback},
                                     {NULL, NULL}};

static int register_again(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}

int luaopen_identity_module(lua_State *L);
int luaopen_identity_module(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
