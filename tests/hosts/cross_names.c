/* cross_names: registers C functions in every way that hosts know, calls each a known number of times. */
/* LINK: -llua5.4 */
/* Prints what a profiler must say, one line a function: NAME COUNT. */
#include "tests/hosts/host.h"

#define NOTHING(name) \
    static int name(lua_State *L) \
    { \
        (void)L; \
        return 0; \
    }
NOTHING(lib_first)
NOTHING(lib_second)
NOTHING(lib_aliased)
NOTHING(single)
NOTHING(member)
NOTHING(account_deposit)
NOTHING(account_gc)
NOTHING(box_open)
NOTHING(both_match)
NOTHING(raw_method)
NOTHING(iterator)

static const luaL_Reg lib[] = {{"first", lib_first},        {"placeholder", NULL},
                               {"second", lib_second},      {"aliased", lib_aliased},
                               {"other_name", lib_aliased}, {NULL, NULL}};

static int lib_make(lua_State *L)
{
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, iterator, 1);
    return 1;
}

/* A library that the host makes and keeps in a global. */
static void by_setfuncs(lua_State *L)
{
    luaL_newlib(L, lib);
    lua_pushinteger(L, 3);
    lua_setfield(L, -2, "constant");
    lua_pushcfunction(L, lib_make);
    lua_setfield(L, -2, "make");
    lua_setglobal(L, "hostlib");
}

static void by_setfield(lua_State *L)
{
    lua_register(L, "single", single);
    lua_register(L, "later_alias", lib_first);
    lua_newtable(L);
    lua_pushcfunction(L, member);
    lua_setfield(L, -2, "member");
    lua_setglobal(L, "tbl");
}

/* The metatable is its own __index. */
static void account(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"deposit", account_deposit}, {"__close", account_gc}, {NULL, NULL}};
    luaL_newmetatable(L, "Account");
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
    lua_newuserdatauv(L, 1, 0);
    luaL_setmetatable(L, "Account");
    lua_setglobal(L, "an_account");
}

/* Methods stand in a table of their own, as in Lua's io library. */
static void box(lua_State *L)
{
    static const luaL_Reg methods[] = {{"open", box_open}, {NULL, NULL}};
    luaL_newmetatable(L, "Box");
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_newuserdatauv(L, 1, 0);
    luaL_setmetatable(L, "Box");
    lua_setglobal(L, "a_box");
}

/* The functions are methods and functions of a library, as lpeg's. */
static void both(lua_State *L)
{
    static const luaL_Reg functions[] = {{"match", both_match}, {NULL, NULL}};
    luaL_newmetatable(L, "both-type");
    luaL_newlib(L, functions);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__index");
    lua_setglobal(L, "both");
    lua_pop(L, 1);
}

/* Put in place by lua_rawset, which nobody watches. */
static void by_rawset(lua_State *L)
{
    lua_newtable(L);
    lua_pushstring(L, "method");
    lua_pushcfunction(L, raw_method);
    lua_rawset(L, -3);
    lua_setglobal(L, "object");
}

static const char script[] =
    "local function times(n, f, ...) for i = 1, n do f(...) end end "
    "times(3, hostlib.first) times(4, hostlib.second) times(5, hostlib.aliased) "
    "times(6, hostlib.other_name) times(7, single) times(8, later_alias) times(9, tbl.member) "
    "for i = 1, 10 do an_account:deposit() end for i = 1, 11 do a_box:open() end "
    "times(12, both.match) for i = 1, 13 do object:method() end "
    "local f = hostlib.make() times(14, f) "
    "do local a <close> = an_account end ";

int main(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    by_setfuncs(L);
    by_setfield(L);
    account(L);
    box(L);
    both(L);
    by_rawset(L);
    host_run(L, script);
    puts("hostlib.first 11\nhostlib.second 4\nhostlib.aliased 11\nhostlib.make 1\nsingle 7\n"
         "tbl.member 9\nAccount:deposit 10\nAccount:__close 1\nBox:open 11\nboth.match 12\n"
         "method 13\nhostlib.make (inner) 14");
    lua_close(L);
    return 0;
}
