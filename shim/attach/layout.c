/* layout: what runs and what is about to be called, by the structures where they are verified. */
#include "shim/attach/copy.h"

void layout_verify(struct lua_copy *c)
{
    c->layout.tried = 1;
}

lua_CFunction layout_running_c(const struct lua_copy *c, lua_State *L)
{
    (void)c, (void)L;
    return NULL;
}

const void *layout_running_call(const struct lua_copy *c, lua_State *L)
{
    lua_Debug ar;
    return c->api.lua_getstack(L, 0, &ar) ? (const void *)ar.i_ci : NULL;
}

void layout_callee(const struct lua_copy *c, lua_State *L, int nargs, lua_CFunction *fn,
                   const void **closure)
{
    (void)c, (void)L, (void)nargs;
    *fn = NULL;
    *closure = NULL;
}
