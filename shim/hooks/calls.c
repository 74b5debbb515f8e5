/* calls: from C into Lua, by lua_callk, lua_pcallk and lua_resume.
 *
 * A crossing is a call whose callee is a Lua function (a callable table or userdata is taken for one);
 * C that calls C through Lua is none.  Every lua_resume is one.  A crossing is counted for the C
 * function that makes it, with the same kind of countdown as calls from Lua into C; one made by the
 * host outside any C function of Lua's goes to up_host_n.  So
 *     sum of up_n over all functions + up_host_n = callk_n + pcallk_n + resume_n.
 *
 * The span hooks want to see calls that require and the like make themselves (observe_calls), and
 * calls of chunks: a chunk's main function is known by its prototype, which begins at line 0.
 *
 * Context: host threads.  Unless the call is timed, or wanted by the span hooks, nothing is left on
 * the C stack: the hook jumps to the original. */
#include "shim/attach/hooks.h"
#include "shim/attach/lua_tags.h"
#include "shim/attach/thunk.h"
#include "shim/fork_mark.h"
#include "shim/hooks/observe.h"
#include "shim/hooks/sampling.h"

#define NOINLINE __attribute__((noinline))

static inline const char *pointer_at(const void *base, uint32_t offset)
{
    return *(const char *const *)((const char *)base + offset);
}

/* Index of the C function that runs on L, or -1.  The layout is verified. */
static inline int running_by_layout(lua_State *L)
{
    const char *func = pointer_at(pointer_at(L, OFFSET_STATE_CI), OFFSET_CI_FUNC);
    uint8_t tag = (uint8_t)func[OFFSET_TVALUE_TAG];
    if (tag == TAG_LIGHT_C)
        return thunk_index(pointer_at(func, 0));
    return tag == TAG_C_CLOSURE ? thunk_index(pointer_at(pointer_at(func, 0), OFFSET_CCLOSURE_F))
                                : -1;
}

static int running(const struct lua_copy *c, lua_State *L)
{
    if (likely(c->layout.verified))
        return running_by_layout(L);
    return thunk_index((const void *)layout_running_c(c, L));
}

static inline int type_may_be_called(int type)
{
    return type == LUA_TTABLE || type == LUA_TUSERDATA;
}

/* ---- what is called ---- */

enum callee { CALLEE_C, CALLEE_LUA, CALLEE_CHUNK };

static inline int is_chunk(const char *closure)
{
    int line;
    memcpy(&line, pointer_at(closure, OFFSET_LCLOSURE_PROTO) + OFFSET_PROTO_LINE, sizeof line);
    return line == 0;
}

static inline enum callee callee_by_layout(lua_State *L, int nargs)
{
    const char *callee = pointer_at(L, OFFSET_STATE_TOP) - (ptrdiff_t)(nargs + 1) * TVALUE_BYTES;
    uint8_t tag = (uint8_t)callee[OFFSET_TVALUE_TAG];
    if (likely(tag == TAG_LUA_CLOSURE))
        return unlikely(is_chunk(pointer_at(callee, 0))) ? CALLEE_CHUNK : CALLEE_LUA;
    return type_may_be_called(tag & 0x0f) ? CALLEE_LUA : CALLEE_C;
}

/* What resuming CO begins; a coroutine that goes on after a yield begins nothing. */
static inline enum callee resumed_by_layout(lua_State *co, int nargs)
{
    int begins = pointer_at(pointer_at(co, OFFSET_STATE_CI), OFFSET_CI_PREVIOUS) == NULL;
    return begins ? callee_by_layout(co, nargs) : CALLEE_LUA;
}

static int crosses(const struct lua_copy *c, lua_State *L, int nargs)
{
    if (likely(c->layout.verified))
        return callee_by_layout(L, nargs) != CALLEE_C;
    lua_CFunction fn;
    const void *closure;
    layout_callee(c, L, nargs, &fn, &closure);
    if (fn == NULL && closure == NULL)
        return type_may_be_called(c->api.lua_type(L, -(nargs + 1)));
    return closure != NULL;
}

/* ---- counting ---- */

enum way { WAY_CALLK, WAY_PCALLK, WAY_RESUME };

static inline void way_count(struct arena_thread *t, enum way way)
{
    switch (way) {
    case WAY_CALLK:
        t->callk_n++;
        break;
    case WAY_PCALLK:
        t->pcallk_n++;
        break;
    case WAY_RESUME:
        t->resume_n++;
        break;
    }
}

static inline int count_host(struct arena_thread *t, enum way way)
{
    if (unlikely(atomic_load_explicit(&t->owner_tid, memory_order_relaxed) == 0))
        return 0; /* the dead slot */
    fork_mark_look();
    t->up_host_n++;
    way_count(t, way);
    return 1;
}

/* The usual case, counted without a call: 1 where that was all there is to do. */
static inline int count_fast(lua_State *caller, enum way way)
{
    int index = running_by_layout(caller);
    struct arena_thread *t = slot_now;
    if (index < 0)
        return count_host(t, way);
    if (unlikely(t->calls[index].up_left <= 1))
        return 0;
    t->calls[index].up_left--;
    way_count(t, way);
    return 1;
}

/* 1 where the callee is known by the structures and the span hooks see nothing but chunks. */
static inline int is_plain(const struct lua_copy *c)
{
    return likely(c->layout.verified && !observe_calls);
}

struct up {
    uint32_t index;
    uint32_t weight_2; /* 0: counted, not timed */
};

/* Counts one crossing and says whether it is to be timed.  CALLER NULL: made by the host. */
static NOINLINE struct up count_slow(const struct lua_copy *c, lua_State *caller, enum way way)
{
    struct up u = {0, 0};
    fork_mark_look();
    struct arena_thread *t = sampling_slot();
    if (t == NULL)
        return u;
    way_count(t, way);
    int index = caller != NULL ? running(c, caller) : -1;
    if (index < 0) {
        t->up_host_n++;
        return u;
    }
    u.index = (uint32_t)index;
    if (--t->calls[index].up_left <= 0)
        u.weight_2 = sampling_next(t, u.index, ARENA_FIX_UP);
    return u;
}

static struct up count_call(const struct lua_copy *c, lua_State *L, int nargs, enum way way)
{
    struct up none = {0, 0};
    return crosses(c, L, nargs) ? count_slow(c, L, way) : none;
}

static inline void timed_end(struct up u, uint64_t begin)
{
    sampling_end(u.index, ARENA_FIX_UP, u.weight_2, begin, now_ns());
}

/* By the public API chunks can not be told from other functions here: all calls are looked at. */
static int is_observed(const struct lua_copy *c, lua_State *L, int nargs)
{
    return observe_calls || !c->layout.verified || callee_by_layout(L, nargs) == CALLEE_CHUNK;
}

/* ---- lua_callk ---- */

static void callk_on(struct lua_copy *c, lua_State *L, int nargs, int nresults, lua_KContext ctx,
                     lua_KFunction k)
{
    if (is_observed(c, L, nargs))
        observed_callk(c, L, nargs, nresults, ctx, k);
    else
        c->api.lua_callk(L, nargs, nresults, ctx, k);
}

static NOINLINE void callk_slow(lua_State *L, int nargs, int nresults, lua_KContext ctx,
                                lua_KFunction k)
{
    struct lua_copy *c = copy_current();
    struct up u = count_call(c, L, nargs, WAY_CALLK);
    if (u.weight_2 == 0) {
        callk_on(c, L, nargs, nresults, ctx, k);
        return;
    }
    uint64_t begin = sampling_begin(slot_now, u.index, ARENA_FIX_UP, u.weight_2);
    callk_on(c, L, nargs, nresults, ctx, k);
    timed_end(u, begin);
}

HOT void hook_lua_callk(lua_State *L, int nargs, int nresults, lua_KContext ctx, lua_KFunction k)
{
    struct lua_copy *c = copy_current();
    enum callee callee = is_plain(c) ? callee_by_layout(L, nargs) : CALLEE_CHUNK;
    if (callee == CALLEE_C || (callee == CALLEE_LUA && count_fast(L, WAY_CALLK)))
        c->api.lua_callk(L, nargs, nresults, ctx, k);
    else
        callk_slow(L, nargs, nresults, ctx, k);
}

/* ---- lua_pcallk ---- */

static int pcallk_on(struct lua_copy *c, lua_State *L, int nargs, int nresults, int errfunc,
                     lua_KContext ctx, lua_KFunction k)
{
    if (is_observed(c, L, nargs))
        return observed_pcallk(c, L, nargs, nresults, errfunc, ctx, k);
    return c->api.lua_pcallk(L, nargs, nresults, errfunc, ctx, k);
}

static NOINLINE int pcallk_slow(lua_State *L, int nargs, int nresults, int errfunc,
                                lua_KContext ctx, lua_KFunction k)
{
    struct lua_copy *c = copy_current();
    struct up u = count_call(c, L, nargs, WAY_PCALLK);
    if (u.weight_2 == 0)
        return pcallk_on(c, L, nargs, nresults, errfunc, ctx, k);
    uint64_t begin = sampling_begin(slot_now, u.index, ARENA_FIX_UP, u.weight_2);
    int status = pcallk_on(c, L, nargs, nresults, errfunc, ctx, k);
    timed_end(u, begin);
    return status;
}

HOT int hook_lua_pcallk(lua_State *L, int nargs, int nresults, int errfunc, lua_KContext ctx,
                        lua_KFunction k)
{
    struct lua_copy *c = copy_current();
    enum callee callee = is_plain(c) ? callee_by_layout(L, nargs) : CALLEE_CHUNK;
    if (callee == CALLEE_C || (callee == CALLEE_LUA && count_fast(L, WAY_PCALLK)))
        return c->api.lua_pcallk(L, nargs, nresults, errfunc, ctx, k);
    return pcallk_slow(L, nargs, nresults, errfunc, ctx, k);
}

/* ---- lua_closethread: no crossing, but a coroutine's __close functions run in it ---- */

/* Its frame is where the coroutine's end on the C stack (ROLE_RESET): Lua's own function may have none. */
int hook_lua_closethread(lua_State *L, lua_State *from)
{
    int status = copy_current()->api.lua_closethread(L, from);
    __asm__ volatile("" ::: "memory"); /* no tail call */
    return status;
}

/* ---- lua_resume ---- */

static int resume_on(struct lua_copy *c, lua_State *L, lua_State *from, int narg, int *nres)
{
    if (observe_calls || !c->layout.verified || resumed_by_layout(L, narg) == CALLEE_CHUNK)
        return observed_resume(c, L, from, narg, nres);
    return c->api.lua_resume(L, from, narg, nres);
}

static NOINLINE int resume_slow(lua_State *L, lua_State *from, int narg, int *nres)
{
    struct lua_copy *c = copy_current();
    struct up u = count_slow(c, from, WAY_RESUME);
    if (u.weight_2 == 0)
        return resume_on(c, L, from, narg, nres);
    uint64_t begin = sampling_begin(slot_now, u.index, ARENA_FIX_UP, u.weight_2);
    int status = resume_on(c, L, from, narg, nres);
    timed_end(u, begin);
    return status;
}

/* FROM NULL: the host resumes. */
static inline int resume_counted(lua_State *from)
{
    return from == NULL ? count_host(slot_now, WAY_RESUME) : count_fast(from, WAY_RESUME);
}

HOT int hook_lua_resume(lua_State *L, lua_State *from, int narg, int *nres)
{
    struct lua_copy *c = copy_current();
    if (is_plain(c) && resumed_by_layout(L, narg) != CALLEE_CHUNK && resume_counted(from))
        return c->api.lua_resume(L, from, narg, nres);
    return resume_slow(L, from, narg, nres);
}
