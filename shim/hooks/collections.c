/* collections: see collections.h.
 *
 * Lua's own steps are not redirected: their times are not known.  Of cycles between two looks (an interval of
 * sampling apart) one is counted. */
#include "shim/hooks/collections.h"

#include <errno.h>
#include <stdarg.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/attach/collector_layout.h"
#include "shim/attach/hooks.h"
#include "shim/hooks/alloc_sample.h"
#include "shim/hooks/heap.h"
#include "shim/record/record_api.h"
#include "shim/stack/site_check.h"
#include "shim/stack/site_table.h"

enum { CYCLES_LISTED = 1024, LISTED_OF = 64 };

static struct arena_lane *lane_of(const struct arena_state *s)
{
    return &arena->lanes[s - arena->states];
}

/* ---- the phase ---- */

static const void *global_of(const struct arena_state *s)
{
    return (const void *)(uintptr_t)s->global_state;
}

static void keep(struct arena_gc *gc, const struct collector_phase *p)
{
    gc->seen_estimate = p->estimate;
    gc->seen_white = p->white;
    gc->seen_cycle = 1;
    gc->generational = p->generational;
}

void collections_begin(struct arena_state *s, const struct lua_copy *c)
{
    struct arena_gc *gc = &lane_of(s)->gc;
    if (!s->lane_ready)
        return;
    gc->how = c->groups >> GROUP_OF_lua_gc & 1 ? GC_HOW_CALLS : 0;
    if (!c->layout.collector || s->global_state == 0)
        return;
    gc->how |= GC_HOW_STATE;
    gc->seen_white = collector_phase(global_of(s)).white;
}

/* What has ended is kept. */
static int has_ended(const struct arena_gc *gc, const struct collector_phase *p)
{
    if (p->at >= COLLECTOR_ATOMIC && p->at != COLLECTOR_PAUSE)
        return 0; /* in the middle: the estimate still moves */
    return p->white != gc->seen_white || (gc->seen_cycle && p->estimate != gc->seen_estimate);
}

/* After a young collection old garbage is still there: no moment to note what lives. */
static void cycle_ended(struct arena_gc *gc, const struct collector_phase *p)
{
    if (p->generational && gc->seen_cycle && p->estimate == gc->seen_estimate) {
        gc->minor_n++;
        return;
    }
    gc->cycle_n++;
    site_check();
}

void collections_look(struct arena_state *s)
{
    if (!s->lane_ready || s->close_live_bytes != 0) /* being closed: what follows is no cycle */
        return;
    struct arena_gc *gc = &lane_of(s)->gc;
    if (!(gc->how & GC_HOW_STATE))
        return;
    struct collector_phase p = collector_phase(global_of(s));
    if (has_ended(gc, &p)) {
        cycle_ended(gc, &p);
        keep(gc, &p);
    }
    gc->generational = p.generational;
}

/* ---- calls ---- */

struct freed {
    uint64_t n, bytes;
};

/* Ever.  A resize into another class counts as a release and an allocation there: these are taken off. */
static struct freed freed_by_now(const struct arena_state *s)
{
    struct freed f = {0, s->free_bytes};
    for (int i = 0; i < SIZE_CLASS_N; i++)
        f.n += s->class_free_n[i] - s->class_alloc_n[i];
    for (int i = 0; i < ALLOC_KIND_N; i++)
        f.n += s->kind_n[i];
    return f;
}

static unsigned log2_of(uint64_t ns)
{
    unsigned i = ns ? 63 - (unsigned)__builtin_clzl(ns) : 0;
    return i < ARENA_PAUSES ? i : ARENA_PAUSES - 1;
}

struct call {
    int what, a, b, c;
};

static int ask(const struct lua_copy *c, lua_State *L, const struct call *k)
{
    return c->api.lua_gc(L, k->what, k->a, k->b, k->c);
}

/* The first cycles of the process, then some. */
static int is_listed(void)
{
    static _Atomic uint64_t n;
    uint64_t i = atomic_fetch_add(&n, 1);
    return i < CYCLES_LISTED || i % LISTED_OF == 0;
}

static void count_full(struct arena_state *s, struct arena_gc *gc, const struct rec_gc_cycle *r)
{
    gc->full_n++;
    gc->full_ns += r->step_ns;
    gc->cycle_n++;
    if (is_listed())
        RECORD_PUSH(gc_cycle, r);
    else
        gc->unlisted_n++;
    if (gc->how & GC_HOW_STATE) { /* counted already */
        struct collector_phase p = collector_phase(global_of(s));
        keep(gc, &p);
    }
    lane_full(lane_of(s));
    site_check();
}

static void count_call(struct arena_state *s, struct arena_gc *gc, uint64_t ns)
{
    gc->call_n++;
    gc->call_ns += ns;
    collections_look(s);
}

/* -1: Lua refused, as it does within a finalizer. */
static COLD void count(struct arena_state *s, const struct call *k, int result,
                       struct rec_gc_cycle *r, const struct freed *before)
{
    struct arena_gc *gc = &lane_of(s)->gc;
    struct freed after = freed_by_now(s);
    uint64_t ns = r->end_ns - r->begin_ns;
    if (result < 0)
        return;
    gc->free_n += after.n - before->n;
    gc->free_bytes += after.bytes - before->bytes;
    gc->pause_n[log2_of(ns)]++;
    if (ns > gc->pause_max_ns)
        gc->pause_max_ns = ns;
    r->step_ns = r->step_max_ns = ns;
    r->end_bytes = s->live_bytes;
    r->free_bytes = after.bytes - before->bytes;
    if (k->what == LUA_GCCOLLECT)
        count_full(s, gc, r);
    else
        count_call(s, gc, ns);
}

static int collect(const struct lua_copy *c, lua_State *L, struct arena_state *s,
                   const struct call *k)
{
    static SHIM_TLS uintptr_t
        within; /* the outermost such call; what it left behind when it was jumped out of is below us */
    uintptr_t here = stack_now();
    if (alloc_collecting && here < within) /* by a finalizer: part of that */
        return ask(c, L, k);
    struct freed before = freed_by_now(s);
    collections_look(s);
    struct rec_gc_cycle r = {.state = s->id,
                             .kind = GC_FULL,
                             .step_n = 1,
                             .begin_bytes = s->live_bytes,
                             .begin_ns = now_ns()};
    within = here;
    alloc_collecting = 1;
    int result = ask(c, L, k);
    int saved = errno;
    alloc_collecting = 0;
    r.end_ns = now_ns();
    count(s, k, result, &r, &before);
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
