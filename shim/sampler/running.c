/* running: see running.h. */
#include "shim/sampler/running.h"

#include <stdatomic.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/waiting.h"
#include "shim/stack/lua_learn.h"

SHIM_TLS struct running *running_last;
/* Its state, so that the short cut reads nothing of a frame that may be gone. */
static SHIM_TLS lua_State *last_state;

/* The originals, by copy. */
static SHIM_TABLE struct lua_api originals[ARENA_COPIES_MAX];

static const struct lua_api *original(void)
{
    return &originals[copy_current()->id];
}

static __attribute__((noinline)) void call_noted(struct running *r)
{
    struct current_call before;
    struct current *c = current_enter(r, &before);
    running_call(r);
    if (c != NULL)
        current_leave(c, &before);
}

/* Makes the call R, then takes back what was running before. */
static void run(struct running *r)
{
    struct running *before = running_last;
    lua_State *state_before = last_state;
    sampler_thread();
    if (unlikely(waiting_on))
        waiting_look(now_ns());
    r->copy = copy_current();
    r->check = (uintptr_t)r ^ RUNNING_CHECK;
    last_state = r->L;
    running_last = r;
    if (unlikely(current_wanted))
        call_noted(r);
    else
        running_call(r);
    running_last = before;
    last_state = state_before;
    r->check = 0;
}

static void call_callk(struct running *r)
{
    r->original->lua_callk(r->L, r->a, r->b, r->ctx, r->k);
}

static void callk(lua_State *L, int nargs, int nresults, lua_KContext ctx, lua_KFunction k)
{
    const struct lua_api *o = original();
    if (likely(last_state == L && !waiting_on) && stack_now() < (uintptr_t)running_last) {
        o->lua_callk(L, nargs, nresults, ctx, k);
        return;
    }
    struct running r = {
        .call = call_callk, .L = L, .original = o, .a = nargs, .b = nresults, .ctx = ctx, .k = k};
    run(&r);
}

static void call_pcallk(struct running *r)
{
    r->c = r->original->lua_pcallk(r->L, r->a, r->b, r->c, r->ctx, r->k);
}

static int pcallk(lua_State *L, int nargs, int nresults, int errfunc, lua_KContext ctx,
                  lua_KFunction k)
{
    struct running r = {.call = call_pcallk,
                        .L = L,
                        .original = original(),
                        .a = nargs,
                        .b = nresults,
                        .c = errfunc,
                        .ctx = ctx,
                        .k = k};
    run(&r);
    return r.c;
}

static void call_resume(struct running *r)
{
    r->c = r->original->lua_resume(r->L, r->from, r->a, r->nres);
}

static int resume(lua_State *L, lua_State *from, int narg, int *nres)
{
    struct running r = {.call = call_resume,
                        .L = L,
                        .from = from,
                        .original = original(),
                        .kind = RUNNING_RESUME,
                        .a = narg,
                        .nres = nres};
    run(&r);
    return r.c;
}

static void call_reset(struct running *r)
{
    r->c = r->original->lua_closethread(r->L, r->from);
}

static int closethread(lua_State *L, lua_State *from)
{
    struct running r = {
        .call = call_reset, .L = L, .from = from, .original = original(), .kind = RUNNING_RESET};
    run(&r);
    return r.c;
}

static void call_close(struct running *r)
{
    r->original->lua_close(r->L);
}

/* Finalizers run in it; afterwards nothing of the state is left. */
static void closing(lua_State *L)
{
    struct running r = {.call = call_close, .L = L, .original = original(), .kind = RUNNING_CLOSE};
    run(&r);
}

int running_by_vm(const struct running **list, struct running *r, uint32_t copy,
                  const struct native_frame *vm, const struct native_stack *stack)
{
    *r = (struct running){.copy = copy_at(copy), .L = lua_vm_state(copy, vm, stack)};
    if (r->L == NULL)
        return 0;
    *list = r;
    return 1;
}

lua_State *running_resumer(const struct running *const *list, int n, const lua_State *L, int *i)
{
    while (*i < n) {
        const struct running *r = list[(*i)++];
        if (r->kind == RUNNING_RESUME && r->L == L)
            return r->from;
        if (r->kind == RUNNING_RESET && r->L == L)
            return *i < n ? list[*i]->L : NULL;
    }
    return NULL;
}

/* Several threads may open the first states of a copy at the same time: one puts its calls in place, and
 * the originals are complete before another can come by these. */
void running_watch(struct lua_copy *c)
{
    static _Atomic int claimed[ARENA_COPIES_MAX];
    if (atomic_exchange(&claimed[c->id], 1))
        return;
    if (c->api.lua_callk != callk) { /* else: unloaded and back at the same place */
        originals[c->id] = c->api;
        atomic_thread_fence(memory_order_release);
        c->api.lua_callk = callk;
        c->api.lua_pcallk = pcallk;
        c->api.lua_resume = resume;
        c->api.lua_closethread = closethread;
        c->api.lua_close = closing;
    }
    atomic_store(&claimed[c->id], 0);
}
