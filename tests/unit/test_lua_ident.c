/* lua_ident: every version of Lua is recognised, and nothing else is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "probe/lua_ident.h"

static void expect(const char *ident, enum lua_flavour flavour, const char *name)
{
    struct lua_version v;
    assert_int_equal(lua_ident_parse(ident, strlen(ident) + 1, &v), flavour != LUA_FLAVOUR_UNKNOWN);
    assert_int_equal(v.flavour, flavour);
    assert_string_equal(v.name, name);
}

static void versions_are_read_from_the_ident_string(void **state)
{
    (void)state;
    expect("$LuaVersion: Lua 5.4.4  Copyright (C) 1994-2022 Lua.org, PUC-Rio $$LuaAuthors: R $",
           LUA_FLAVOUR_54, "Lua 5.4.4");
    expect("$LuaVersion: Lua 5.4.8  Copyright", LUA_FLAVOUR_54, "Lua 5.4.8");
    expect("$LuaVersion: Lua 5.5.0  Copyright", LUA_FLAVOUR_55, "Lua 5.5.0");
    expect("$LuaVersion: Lua 5.3.6  Copyright", LUA_FLAVOUR_53, "Lua 5.3.6");
    expect("$LuaVersion: Lua 5.2.4  Copyright", LUA_FLAVOUR_52, "Lua 5.2.4");
    expect("$Lua: Lua 5.1.5 Copyright (C) 1994-2012 Lua.org, PUC-Rio $", LUA_FLAVOUR_51,
           "Lua 5.1.5");
    expect("$Lua: Lua 5.1 Copyright", LUA_FLAVOUR_51, "Lua 5.1");
    expect("$LuaVersion: Lua 6.0.1 ", LUA_FLAVOUR_OTHER, "Lua 6.0.1");
    expect("$LuaVersion: Lua 5.6.1 ", LUA_FLAVOUR_OTHER, "Lua 5.6.1");
}

static void other_texts_are_no_version(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "$",
        "$Lua",
        "$Lua:",
        "$Lua: ",
        "$LuaVersion: Lua 5",
        "$LuaVersion: Lua 5.",
        "Lua 5.4.4",
        "$LuaVersion: Lua 5.40",
        "$LuaVersion: Moon 5.4.4",
        "$LuaVersion:Lua 5.4.4",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i], LUA_FLAVOUR_UNKNOWN, "");
}

static void reading_ends_where_the_bytes_end(void **state)
{
    (void)state;
    static const char ident[] = "$LuaVersion: Lua 5.4.4";
    struct lua_version v;
    assert_int_equal(lua_ident_parse(ident, 18, &v), 0); /* "$LuaVersion: Lua 5" */
    assert_int_equal(lua_ident_parse(ident, 20, &v), 1);
    assert_string_equal(v.name, "Lua 5.4");
}

static int in_list(void *ctx, const char *function)
{
    for (const char *const *p = ctx; *p != NULL; p++)
        if (strcmp(*p, function) == 0)
            return 1;
    return 0;
}

static void expect_functions(const char *const *functions, enum lua_flavour flavour)
{
    struct lua_version v;
    lua_ident_fingerprint(in_list, (void *)(uintptr_t)functions, &v);
    assert_int_equal(v.flavour, flavour);
    assert_int_equal(v.name[0] == '\0', flavour == LUA_FLAVOUR_UNKNOWN);
}

static void versions_are_told_by_their_functions(void **state)
{
    (void)state;
    static const char *const v51[] = {"lua_newstate", "lua_call", "lua_getfenv", NULL};
    static const char *const v52[] = {"lua_newstate", "lua_callk", "lua_arith", NULL};
    static const char *const v53[] = {"lua_newstate", "lua_callk", "lua_rotate", NULL};
    static const char *const v54[] = {"lua_newstate", "lua_callk", "lua_rotate", "lua_toclose",
                                      NULL};
    static const char *const v55[] = {"lua_callk", "lua_toclose", "lua_numbertocstring", NULL};
    static const char *const jit[] = {"lua_newstate", "lua_getfenv", "luaJIT_setmode", NULL};
    static const char *const none[] = {"lua_newstate", NULL};
    expect_functions(v51, LUA_FLAVOUR_51);
    expect_functions(v52, LUA_FLAVOUR_52);
    expect_functions(v53, LUA_FLAVOUR_53);
    expect_functions(v54, LUA_FLAVOUR_54);
    expect_functions(v55, LUA_FLAVOUR_55);
    expect_functions(jit, LUA_FLAVOUR_JIT);
    expect_functions(none, LUA_FLAVOUR_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_read_from_the_ident_string),
        cmocka_unit_test(other_texts_are_no_version),
        cmocka_unit_test(reading_ends_where_the_bytes_end),
        cmocka_unit_test(versions_are_told_by_their_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
