/* lua_layout: what is read from Lua's structures is what the public API says. */
/* SOURCES: shim/attach/lua_layout.c shim/attach/lua_layout_check.c shim/attach/scratch.c shim/attach/collector_layout.c shim/attach/collector_check.c shim/attach/copy.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "shim/attach/copy_table.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"

struct config config;
struct arena *arena;

void uncovered_note(const char *what, const char *reason, uint32_t copy_plus_1)
{
    (void)what, (void)reason, (void)copy_plus_1;
}

/* ---- a copy whose originals are simply the library's functions ---- */

static struct lua_copy copy;

static void *function(void *library, const char *name)
{
    void *p = dlsym(library, name);
    if (p == NULL && strcmp(name, "lua_closethread") == 0)
        p = dlsym(library, "lua_resetthread"); /* its name up to 5.4.5 */
    if (p == NULL)
        fail_msg("%s", name);
    return p;
}

static void set_up_copy(void)
{
    static void *library;
    if (library == NULL)
        library = dlopen("liblua5.4.so.0", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    memset(&copy, 0, sizeof copy);
#define HOOK(group, name, ret, params) *(void **)&copy.api.name = function(library, #name);
#define USE(name, ret, params) *(void **)&copy.api.name = function(library, #name);
#include "probe/lua_api.def"
}

static void *host_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    (void)ud, (void)osize;
    if (nsize == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, nsize);
}

/* ---- what runs ---- */

static const void *call_seen;
static lua_CFunction expected_function;

static void look(lua_State *L)
{
    lua_Debug ar;
    assert_ptr_equal(layout_running_c(&copy, L), expected_function);
    assert_true(copy.api.lua_getstack(L, 0, &ar));
    assert_ptr_equal(layout_running_call(&copy, L), ar.i_ci);
    assert_ptr_not_equal(layout_running_call(&copy, L), call_seen);
    call_seen = ar.i_ci;
}

static int inner(lua_State *L)
{
    expected_function = inner;
    look(L);
    return 0;
}

static int outer(lua_State *L)
{
    call_seen = NULL; /* a call info may be used again by a later call, not by a nested one */
    expected_function = outer;
    look(L);
    copy.api.lua_pushcclosure(L, inner, 0);
    copy.api.lua_callk(L, 0, 0, 0, NULL);
    call_seen = NULL;
    expected_function = outer;
    look(L);
    return 0;
}

static void callee_is(lua_State *L, int nargs, lua_CFunction fn, const void *closure)
{
    lua_CFunction got_fn;
    const void *got_closure;
    int top = copy.api.lua_gettop(L);
    layout_callee(&copy, L, nargs, &got_fn, &got_closure);
    assert_ptr_equal(got_fn, fn);
    assert_ptr_equal(got_closure, closure);
    assert_int_equal(copy.api.lua_gettop(L), top);
}

static void look_at_everything(lua_State *L)
{
    struct lua_api *api = &copy.api;
    assert_null(layout_running_c(&copy, L)); /* the base level */
    api->lua_pushcclosure(L, inner, 0);
    callee_is(L, 0, inner, NULL);
    api->lua_pushlightuserdata(L, L);
    api->lua_pushlightuserdata(L, L);
    callee_is(L, 2, inner, NULL);
    api->lua_pushcclosure(L, inner, 2); /* a closure now, over the two values */
    callee_is(L, 0, inner, NULL);
    assert_int_equal(api->luaL_loadbufferx(L, "return 1", 8, "chunk", "t"), LUA_OK);
    callee_is(L, 0, NULL, api->lua_topointer(L, -1));
    api->lua_pushlightuserdata(L, L);
    callee_is(L, 0, NULL, NULL);
    api->lua_settop(L, 0);
    /* a light C function, a closure, and one called by Lua code in a coroutine */
    api->lua_pushcclosure(L, outer, 0);
    assert_int_equal(api->lua_pcallk(L, 0, 0, 0, 0, NULL), LUA_OK);
    api->lua_pushlightuserdata(L, L);
    api->lua_pushcclosure(L, outer, 1);
    assert_int_equal(api->lua_pcallk(L, 0, 0, 0, 0, NULL), LUA_OK);
    lua_State *co = api->lua_newthread(L);
    int results;
    assert_int_equal(api->luaL_loadbufferx(co, "local f = ... f() f()", 21, "chunk", "t"), LUA_OK);
    api->lua_pushcclosure(co, outer, 0);
    assert_int_equal(api->lua_resume(co, L, 1, &results), LUA_OK);
}

static void run_with(int by_api)
{
    set_up_copy();
    config.layout_api = by_api;
    layout_verify(&copy);
    assert_int_equal(copy.layout.tried, 1);
    assert_int_equal(copy.layout.verified, !by_api);
    lua_State *L = copy.api.lua_newstate(host_alloc, NULL);
    assert_non_null(L);
    look_at_everything(L);
    copy.api.lua_close(L);
}

static void structures_are_verified_and_agree_with_the_api(void **state)
{
    (void)state;
    run_with(0);
}

static void the_api_alone_gives_the_same_answers(void **state)
{
    (void)state;
    run_with(1);
}

/* ---- a Lua whose structures are different ---- */

static int call_counter;

static void shifted_call(lua_State *L, int nargs, int nresults, lua_KContext ctx, lua_KFunction k)
{
    call_counter++;
    (void)L, (void)nargs, (void)nresults, (void)ctx, (void)k;
}

static const void *wrong_pointer(lua_State *L, int idx)
{
    (void)L, (void)idx;
    return "not there";
}

static void what_does_not_match_is_not_used(void **state)
{
    (void)state;
    config.layout_api = 0;
    set_up_copy();
    copy.api.lua_topointer = wrong_pointer;
    layout_verify(&copy);
    assert_int_equal(copy.layout.verified, 0);
    set_up_copy();
    copy.api.lua_callk = shifted_call; /* the call that is to be looked at never happens */
    layout_verify(&copy);
    assert_int_equal(copy.layout.verified, 0);
    assert_true(call_counter > 0);
}

static lua_State *no_state(lua_Alloc f, void *ud)
{
    (void)f, (void)ud;
    return NULL;
}

static void a_scratch_state_that_can_not_be_made_means_not_verified(void **state)
{
    (void)state;
    config.layout_api = 0;
    set_up_copy();
    copy.api.lua_newstate = no_state;
    layout_verify(&copy);
    assert_int_equal(copy.layout.verified, 0);
    set_up_copy();
    copy.api.lua_load = NULL; /* a copy that lacks a function */
    layout_verify(&copy);
    assert_int_equal(copy.layout.verified, 0);
}

static int made_n;
static lua_State *counted_state(lua_Alloc f, void *ud)
{
    made_n++;
    return lua_newstate(f, ud);
}

static void structures_are_verified_once(void **state)
{
    (void)state;
    config.layout_api = 0;
    set_up_copy();
    copy.api.lua_newstate = counted_state;
    layout_verify(&copy);
    layout_verify(&copy);
    assert_int_equal(copy.layout.verified, 1);
    assert_int_equal(made_n, 1);
}

static void a_stack_on_the_move_has_no_running_function(void **state)
{
    (void)state;
    /* While the stack is reallocated 5.4.5 holds offsets: such a call info names no function. */
    uint64_t ci[8] = {160}, thread[8] = {0};
    set_up_copy();
    config.layout_api = 0;
    layout_verify(&copy);
    thread[4] = (uint64_t)(uintptr_t)ci;
    assert_null(layout_running_c(&copy, (lua_State *)(void *)thread));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structures_are_verified_and_agree_with_the_api),
        cmocka_unit_test(the_api_alone_gives_the_same_answers),
        cmocka_unit_test(what_does_not_match_is_not_used),
        cmocka_unit_test(structures_are_verified_once),
        cmocka_unit_test(a_scratch_state_that_can_not_be_made_means_not_verified),
        cmocka_unit_test(a_stack_on_the_move_has_no_running_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
