/* collector: the ways into Lua's collector: its own steps, its calls of finalizers, and lua_gc.
 *
 * collections.h counts.  Steps in which nothing is done, because the collector is stopped (older versions enter them at every
 * allocation then), are none.
 *
 * Context: host threads. */
#include <errno.h>
#include <stdarg.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/attach/collector_check.h"
#include "shim/attach/hooks.h"
#include "shim/attach/scratch.h"
#include "shim/hooks/collections.h"
#include "shim/hooks/heap.h"

/* ---- the entries while they are tried ---- */

static struct collector_check *check_of(const struct lua_copy *c, lua_State *L)
{
    void *ud;
    struct collector_check *k = __atomic_load_n(&c->collector.check, __ATOMIC_ACQUIRE);
    return k != NULL && c->api.lua_getallocf(L, &ud) == scratch_alloc ? k : NULL;
}

/* Stands for a state where a step is looked at by the check. */
static const struct arena_state checked;

/* ---- steps ---- */

static int is_stopped(const struct lua_copy *c, const struct arena_state *s)
{
    const uint8_t *g = (const uint8_t *)(uintptr_t)s->global_state;
    return g[c->collector.stop_at] != c->collector.running;
}

static inline int is_timed(const struct arena_state *s, unsigned how)
{
    return s != NULL && s->lane_ready && arena->lanes[s - arena->states].gc.how & how;
}

/* Called by collector_entry.S: says what to call.  Where R->state is NULL it is jumped to, else R is ended afterwards. */
const void *collector_step_begin(lua_State *L, struct collection *r);
const void *collector_step_begin(lua_State *L, struct collection *r)
{
    struct lua_copy *c = copy_current();
    r->state = NULL;
    if (unlikely(!c->collector.steps_known)) {
        struct collector_check *k = check_of(c, L);
        if (k != NULL) {
            collector_check_step_begin(k);
            r->state = &checked;
        }
        return c->collector.step;
    }
    struct arena_state *s = heap_state(c, L);
    if (is_timed(s, GC_HOW_STEPS) && !is_stopped(c, s)) {
        int saved = errno;
        collection_begin(r, s);
        errno = saved;
    }
    return c->collector.step;
}

void collector_step_end(struct collection *r);
void collector_step_end(struct collection *r)
{
    int saved = errno;
    if (unlikely(r->state == &checked))
        collector_check_step_end(copy_now->collector.check);
    else
        collection_end(r, &arena->states[r->state - arena->states], COLLECTION_STEP);
    errno = saved;
}

/* ---- finalizers ---- */

static struct arena_gc *gc_of(const struct arena_state *s)
{
    return &arena->lanes[s - arena->states].gc;
}

const void *collector_finalize_begin(lua_State *L, struct collection *r);
const void *collector_finalize_begin(lua_State *L, struct collection *r)
{
    struct lua_copy *c = copy_current();
    r->state = NULL;
    if (unlikely(!c->collector.finalizers_known)) {
        struct collector_check *k = check_of(c, L);
        if (k != NULL) {
            collector_check_finalize_begin(k);
            r->state = &checked;
        }
        return c->collector.finalize;
    }
    struct arena_state *s = heap_state(c, L);
    if (!is_timed(s, GC_HOW_FINALIZERS))
        return c->collector.finalize;
    struct arena_gc *gc = gc_of(s);
    int closing = s->close_live_bytes != 0;
    *(closing ? &gc->close_finalize_n : &gc->finalize_n) += 1;
    if (gc->finalize_sp > stack_now()) /* within another one */
        return c->collector.finalize;
    gc->finalize_sp = (uintptr_t)r;
    r->state = s;
    preempted_step_begin(&r->time);
    return c->collector.finalize;
}

void collector_finalize_end(struct collection *r);
void collector_finalize_end(struct collection *r)
{
    if (unlikely(r->state == &checked)) {
        collector_check_finalize_end(copy_now->collector.check);
        return;
    }
    struct arena_gc *gc = gc_of(r->state);
    gc->finalize_sp = 0;
    *(r->state->close_live_bytes != 0 ? &gc->close_finalize_ns : &gc->finalize_ns) +=
        preempted_step_took(&r->time);
}

/* ---- calls ---- */

struct call {
    int what, a, b, c;
};

static int ask(const struct lua_copy *c, lua_State *L, const struct call *k)
{
    return c->api.lua_gc(L, k->what, k->a, k->b, k->c);
}

/* -1: Lua refused, as it does within a finalizer. */
static int collect(const struct lua_copy *c, lua_State *L, struct arena_state *s,
                   const struct call *k)
{
    struct collection r;
    collection_begin(&r, s);
    int result = ask(c, L, k);
    int saved = errno;
    if (r.state != NULL)
        collection_end(&r, s,
                       result < 0                 ? COLLECTION_NONE
                       : k->what == LUA_GCCOLLECT ? COLLECTION_FULL
                                                  : COLLECTION_CALL);
    errno = saved;
    return result;
}

static int collects(int what)
{
    return what == LUA_GCCOLLECT || what == LUA_GCSTEP || what == LUA_GCGEN || what == LUA_GCINC;
}

int hook_lua_gc(lua_State *L, int what, ...)
{
    struct lua_copy *c = copy_current();
    struct call k = {.what = what};
    va_list given; /* what was not given is never looked at by Lua either */
    va_start(given, what);
    k.a = va_arg(given, int);
    k.b = va_arg(given, int);
    k.c = va_arg(given, int);
    va_end(given);
    struct arena_state *s = collects(what) ? heap_state(c, L) : NULL;
    return s != NULL && s->lane_ready ? collect(c, L, s, &k) : ask(c, L, &k);
}
