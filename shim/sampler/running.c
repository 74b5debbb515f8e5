/* running: see running.h. */
#include "shim/sampler/running.h"

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/sampler/sampler.h"

SHIM_TLS lua_State *running_lua;
SHIM_TLS struct running_resume *running_resumes;

/* The originals, by copy. */
static struct lua_api originals[ARENA_COPIES_MAX];

static const struct lua_api *original(void)
{
    return &originals[copy_current()->id];
}

static void callk(lua_State *L, int nargs, int nresults, lua_KContext ctx, lua_KFunction k)
{
    const struct lua_api *o = original();
    lua_State *before = running_lua;
    if (likely(before == L)) {
        o->lua_callk(L, nargs, nresults, ctx, k);
        return;
    }
    sampler_thread();
    running_lua = L;
    o->lua_callk(L, nargs, nresults, ctx, k);
    running_lua = before;
}

static int pcallk(lua_State *L, int nargs, int nresults, int errfunc, lua_KContext ctx,
                  lua_KFunction k)
{
    const struct lua_api *o = original();
    lua_State *before = running_lua;
    if (unlikely(before != L))
        sampler_thread();
    running_lua = L;
    int status = o->lua_pcallk(L, nargs, nresults, errfunc, ctx, k);
    running_lua = before;
    return status;
}

static int resume(lua_State *L, lua_State *from, int narg, int *nres)
{
    const struct lua_api *o = original();
    lua_State *before = running_lua;
    struct running_resume here = {L, from, running_resumes};
    if (unlikely(before == NULL))
        sampler_thread();
    running_lua = L;
    running_resumes = &here;
    int status = o->lua_resume(L, from, narg, nres);
    running_resumes = here.outer;
    running_lua = before;
    return status;
}

/* Finalizers run in it; afterwards nothing of the state is left. */
static void closing(lua_State *L)
{
    const struct lua_api *o = original();
    lua_State *before = running_lua;
    running_lua = NULL;
    o->lua_close(L);
    running_lua = before != L ? before : NULL;
}

void running_watch(struct lua_copy *c)
{
    if (c->api.lua_callk == callk) /* unloaded and back at the same place */
        return;
    originals[c->id] = c->api;
    c->api.lua_callk = callk;
    c->api.lua_pcallk = pcallk;
    c->api.lua_resume = resume;
    c->api.lua_close = closing;
}
