/* Functions of Lua's are known by their names of C and of C++. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "probe/lua_name.h"

static void names_of_c_are_what_they_are(void **state)
{
    (void)state;
    assert_true(lua_name_is("lua_close", "lua_close"));
    assert_false(lua_name_is("lua_closeslot", "lua_close"));
    assert_false(lua_name_is("lua_clos", "lua_close"));
    assert_false(lua_name_is("lua_close.cold", "lua_close"));
    assert_true(lua_name_begins("luaL_openlibs"));
    assert_false(lua_name_begins("xlua_close"));
}

static void names_of_cxx_have_their_length_in_front(void **state)
{
    (void)state;
    assert_true(lua_name_is("_Z9lua_closeP9lua_State", "lua_close"));
    assert_true(lua_name_is(LUA_NAME_CXX_NEWSTATE, "lua_newstate"));
    assert_false(lua_name_is("_Z13lua_closeslotP9lua_Statei", "lua_close"));
    assert_false(lua_name_is("_Z9lua_closeP9lua_State.cold", "lua_close"));
    assert_false(lua_name_is("_ZN3foo9lua_closeEP9lua_State", "lua_close"));
    assert_true(lua_name_begins("_Z9lua_closeP9lua_State"));
    assert_false(lua_name_begins("_ZN3foo9lua_closeEP9lua_State"));
}

static void what_is_cut_off_is_no_name(void **state)
{
    (void)state;
    assert_false(lua_name_is("_Z9lua_clos", "lua_close"));
    assert_false(lua_name_is("_Z99999999999999999999lua_close", "lua_close"));
    assert_false(lua_name_is("_Z", "lua_close"));
    assert_false(lua_name_is("", "lua_close"));
    assert_false(lua_name_begins(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_c_are_what_they_are),
        cmocka_unit_test(names_of_cxx_have_their_length_in_front),
        cmocka_unit_test(what_is_cut_off_is_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
