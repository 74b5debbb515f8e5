/* lua_layout: what runs and what is about to be called, by Lua's structures where they are
 * verified (lua_layout_check.c), else by the public API.  See copy.h.
 *
 * Not from within an allocator call: while Lua moves its stack, 5.4.5 and later hold offsets in the
 * place of stack pointers. */
#include "shim/attach/lua_tags.h"

static const void *pointer_at(const void *base, size_t offset)
{
    const void *p;
    memcpy(&p, (const char *)base + offset, sizeof p);
    return p;
}

/* ---- by the structures ---- */

/* An offset instead of a pointer: the stack is on the move. */
static int is_pointer(const void *p)
{
    return (uintptr_t)p > LUAI_MAXSTACK * (uintptr_t)16;
}

static lua_CFunction c_function_of(const struct lua_layout *o, const void *value)
{
    const void *p = pointer_at(value, 0);
    switch (((const uint8_t *)value)[o->tvalue_tag]) {
    case TAG_LIGHT_C:
        return (lua_CFunction)(uintptr_t)p;
    case TAG_C_CLOSURE:
        return (lua_CFunction)(uintptr_t)pointer_at(p, o->cclosure_f);
    default:
        return NULL;
    }
}

static lua_CFunction running_c_direct(const struct lua_layout *o, lua_State *L)
{
    const void *ci = pointer_at(L, o->state_ci);
    const void *func = pointer_at(ci, o->ci_func);
    return is_pointer(func) ? c_function_of(o, func) : NULL;
}

static void callee_direct(const struct lua_layout *o, lua_State *L, int nargs, lua_CFunction *fn,
                          const void **closure)
{
    const char *top = pointer_at(L, o->state_top);
    const char *value = top - (size_t)(nargs + 1) * o->tvalue_bytes;
    *fn = c_function_of(o, value);
    if (((const uint8_t *)value)[o->tvalue_tag] == TAG_LUA_CLOSURE)
        *closure = pointer_at(value, 0);
}

/* ---- by the public API ---- */

static lua_CFunction running_c_api(const struct lua_api *api, lua_State *L)
{
    lua_Debug ar;
    if (api->lua_tocfunction == NULL || !api->lua_getstack(L, 0, &ar) || !api->lua_checkstack(L, 1))
        return NULL;
    api->lua_getinfo(L, "f", &ar);
    lua_CFunction fn = api->lua_tocfunction(L, -1);
    api->lua_settop(L, -2);
    return fn;
}

/* Who resumes a coroutine that has ended calls nothing: there is no such index. */
static void callee_api(const struct lua_api *api, lua_State *L, int nargs, lua_CFunction *fn,
                       const void **closure)
{
    int at = -(nargs + 1);
    if (api->lua_tocfunction == NULL || api->lua_topointer == NULL || api->lua_gettop(L) <= nargs)
        return;
    *fn = api->lua_tocfunction(L, at);
    if (*fn == NULL && api->lua_type(L, at) == LUA_TFUNCTION)
        *closure = api->lua_topointer(L, at);
}

/* ---- for the hooks ---- */

lua_CFunction layout_running_c(const struct lua_copy *c, lua_State *L)
{
    if (likely(c->layout.verified))
        return running_c_direct(&c->layout, L);
    return running_c_api(&c->api, L);
}

const void *layout_running_call(const struct lua_copy *c, lua_State *L)
{
    lua_Debug ar;
    if (likely(c->layout.verified))
        return pointer_at(L, c->layout.state_ci);
    return c->api.lua_getstack(L, 0, &ar) ? (const void *)ar.i_ci : NULL;
}

void layout_callee(const struct lua_copy *c, lua_State *L, int nargs, lua_CFunction *fn,
                   const void **closure)
{
    *fn = NULL;
    *closure = NULL;
    if (likely(c->layout.verified))
        callee_direct(&c->layout, L, nargs, fn, closure);
    else
        callee_api(&c->api, L, nargs, fn, closure);
}
