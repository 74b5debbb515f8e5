/* collections: see collections.h.
 *
 * Where the step is redirected, what a cycle did is known exactly: the phase is looked at before and after each run.  Else of
 * cycles between two looks (an interval of sampling apart) one is counted. */
#include "shim/hooks/collections.h"

#include "arena/snapshot.h"
#include "shim/attach/arch/x86_64/stack.h"
#include "shim/attach/collector_layout.h"
#include "shim/stack/site_check.h"
#include "shim/stack/site_collected.h"
#include "shim/stack/site_table.h"

enum { CYCLES_LISTED = 1024, LISTED_OF = 64 };

static struct arena_lane *lane_of(const struct arena_state *s)
{
    return &arena->lanes[s - arena->states];
}

/* ---- the list of cycles ---- */

/* The first of the process, then ever fewer: their number grows with the logarithm. */
static int is_listed(void)
{
    static _Atomic uint64_t n, next = CYCLES_LISTED;
    uint64_t i = atomic_fetch_add(&n, 1);
    if (i < CYCLES_LISTED)
        return 1;
    if (likely(i < atomic_load_explicit(&next, memory_order_relaxed)))
        return 0;
    atomic_store_explicit(&next, i + i / LISTED_OF, memory_order_relaxed);
    return 1;
}

/* 1: the cycle is to be listed; else it is counted as one that is not. */
static int to_list(struct arena_gc *gc)
{
    int listed = is_listed();
    gc->unlisted_n += !listed;
    return listed;
}

/* The cycle whose steps were timed has ended. */
static COLD void list_steps(struct arena_state *s, struct arena_gc *gc, enum gc_kind kind,
                            uint64_t end_ns)
{
    struct rec_gc_cycle r = {.state = s->id,
                             .kind = kind,
                             .begin_ns = gc->cycle_begin_ns,
                             .end_ns = end_ns ? end_ns : now_ns(),
                             .step_n = gc->cycle_steps,
                             .step_ns = gc->cycle_ns,
                             .step_max_ns = gc->cycle_max_ns,
                             .begin_bytes = gc->cycle_begin_bytes,
                             .end_bytes = s->live_bytes,
                             .free_bytes = gc->cycle_free_bytes};
    RECORD_PUSH(gc_cycle, &r);
}

static void forget_steps(struct arena_gc *gc)
{
    gc->cycle_steps = gc->cycle_ns = gc->cycle_max_ns = gc->cycle_free_bytes = 0;
}

static void charge(struct arena_lane *l)
{
    l->gc.uncharged_ns = lane_charge(l, l->gc.uncharged_ns);
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
    if (gc->how & GC_HOW_CALLS && c->collector.steps_known)
        gc->how |= GC_HOW_STEPS | (c->collector.finalizers_known ? GC_HOW_FINALIZERS : 0);
}

/* What has ended is kept. */
static int has_ended(const struct arena_gc *gc, const struct collector_phase *p)
{
    if (p->at >= COLLECTOR_ATOMIC && p->at != COLLECTOR_PAUSE)
        return 0; /* in the middle: the estimate still moves */
    return p->white != gc->seen_white || (gc->seen_cycle && p->estimate != gc->seen_estimate);
}

static enum gc_kind kind_of(const struct arena_gc *gc, const struct collector_phase *p)
{
    if (!p->generational)
        return GC_INCREMENTAL;
    return gc->seen_cycle && p->estimate == gc->seen_estimate ? GC_MINOR : GC_MAJOR;
}

/* After a young collection old garbage is still there: no moment to note what lives. */
static void cycle_ended(struct arena_state *s, const struct collector_phase *p, uint64_t end_ns)
{
    struct arena_lane *l = lane_of(s);
    enum gc_kind kind = kind_of(&l->gc, p);
    if (l->gc.cycle_steps != 0 && l->gc.how & GC_HOW_STEPS && to_list(&l->gc))
        list_steps(s, &l->gc, kind, end_ns);
    forget_steps(&l->gc);
    charge(l);
    if (kind == GC_MINOR) {
        l->gc.minor_n++;
        return;
    }
    l->gc.cycle_n++;
    site_check();
}

/* END_NS: when that was; 0: now. */
static void look(struct arena_state *s, uint64_t end_ns)
{
    struct arena_gc *gc = &lane_of(s)->gc;
    if (!(gc->how & GC_HOW_STATE) || s->close_live_bytes != 0) /* closing is no cycle */
        return;
    struct collector_phase p = collector_phase(global_of(s));
    if (has_ended(gc, &p)) {
        cycle_ended(s, &p, end_ns);
        keep(gc, &p);
    }
    gc->generational = p.generational;
}

/* What a run was left with by a jump is above us. */
static int is_on(const struct arena_gc *gc)
{
    return gc->open_sp > stack_now();
}

void collections_look(struct arena_state *s)
{
    if (s->lane_ready &&
        !is_on(&lane_of(s)->gc)) /* a finalizer allocates: what is on has not ended */
        look(s, 0);
}

/* ---- runs ---- */

void collection_begin(struct collection *r, struct arena_state *s)
{
    struct arena_gc *gc = &lane_of(s)->gc;
    r->state = NULL;
    if (!s->lane_ready || is_on(gc)) /* asked for by a finalizer: part of that */
        return;
    look(s, 0);
    r->state = s;
    r->begin_bytes = s->live_bytes;
    r->free_n = s->free_n;
    r->free_bytes = snapshot_free_bytes(s);
    gc->finalize_sp = 0;
    gc->open_sp = (uintptr_t)r;
    preempted_step_begin(&r->time);
}

static unsigned log2_of(uint64_t ns)
{
    unsigned i = ns ? 63 - (unsigned)__builtin_clzl(ns) : 0;
    return i < ARENA_PAUSES ? i : ARENA_PAUSES - 1;
}

static void count(struct arena_state *s, const struct collection *r, uint64_t ns, uint64_t freed)
{
    struct arena_gc *gc = &lane_of(s)->gc;
    gc->free_n += s->free_n - r->free_n;
    gc->free_bytes += freed;
    gc->pause_n[log2_of(ns)]++;
    if (ns > gc->pause_max_ns)
        gc->pause_max_ns = ns;
    gc->uncharged_ns += ns;
}

static void count_part(struct arena_state *s, const struct collection *r, uint64_t ns,
                       uint64_t freed)
{
    struct arena_gc *gc = &lane_of(s)->gc;
    if (gc->cycle_steps++ == 0) {
        gc->cycle_begin_ns = r->time.begin_ns;
        gc->cycle_begin_bytes = r->begin_bytes;
    }
    gc->cycle_ns += ns;
    if (ns > gc->cycle_max_ns)
        gc->cycle_max_ns = ns;
    gc->cycle_free_bytes += freed;
    look(s, r->time.begin_ns + ns);
}

/* Whatever cycle was on has begun anew within it. */
static void count_full(struct arena_state *s, const struct collection *r, uint64_t ns,
                       uint64_t freed)
{
    struct arena_lane *l = lane_of(s);
    struct rec_gc_cycle c = {.state = s->id,
                             .kind = GC_FULL,
                             .begin_ns = r->time.begin_ns,
                             .end_ns = r->time.begin_ns + ns,
                             .step_n = 1,
                             .step_ns = ns,
                             .step_max_ns = ns,
                             .begin_bytes = r->begin_bytes,
                             .end_bytes = s->live_bytes,
                             .free_bytes = freed};
    l->gc.full_n++;
    l->gc.full_ns += ns;
    l->gc.cycle_n++;
    if (to_list(&l->gc))
        RECORD_PUSH(gc_cycle, &c);
    forget_steps(&l->gc);
    charge(l);
    if (l->gc.how & GC_HOW_STATE) { /* counted already */
        struct collector_phase p = collector_phase(global_of(s));
        keep(&l->gc, &p);
    }
    lane_full(l);
    site_check();
}

void collection_end(struct collection *r, struct arena_state *s, enum collection_kind kind)
{
    struct arena_gc *gc = &lane_of(s)->gc;
    uint64_t ns = preempted_step_took(&r->time);
    gc->open_sp = gc->finalize_sp = 0;
    if (kind == COLLECTION_NONE)
        return;
    uint64_t freed = snapshot_free_bytes(s) - r->free_bytes;
    count(s, r, ns, freed);
    if (kind == COLLECTION_FULL) {
        count_full(s, r, ns, freed);
        return;
    }
    *(kind == COLLECTION_STEP ? &gc->step_n : &gc->call_n) += 1;
    *(kind == COLLECTION_STEP ? &gc->step_ns : &gc->call_ns) += ns;
    count_part(s, r, ns, freed);
}
