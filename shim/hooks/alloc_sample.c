/* alloc_sample: see alloc_sample.h. */
#include "shim/hooks/alloc_sample.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/attach/lua_tags.h"
#include "shim/hooks/alloc_draw.h"
#include "shim/hooks/alloc_errand.h"
#include "shim/hooks/alloc_exact.h"
#include "shim/hooks/alloc_pace.h"
#include "shim/hooks/alloc_stack.h"
#include "shim/hooks/alloc_tag.h"
#include "shim/hooks/collections.h"
#include "shim/hooks/heap_dropped.h"
#include "shim/hooks/userdata_types.h"
#include "shim/record/config.h"
#include "shim/stack/lua_frames.h"
#include "shim/stack/lua_line.h"
#include "shim/stack/native.h"
#include "shim/stack/site_check.h"
#include "shim/stack/site_collected.h"
#include "shim/stack/site_table.h"

static const int64_t NEVER = INT64_MAX / 2;
/* Exact states stop so often to see what the collector does. */
static const int64_t EXACT_LOOK_BYTES = 16384;

SHIM_TLS int64_t alloc_c_left;
static SHIM_TLS uint64_t seed;
static SHIM_TLS int busy; /* a signal handler allocates, in the middle of this */
static SHIM_TLS struct alloc_pace c_pace;
static SHIM_TLS int c_begun; /* 1: alloc_c_left holds a distance */
static _Atomic int started;  /* 1: sites can be had; -1: they can not */

/* ---- begin ---- */

static int interval_is_sound(enum alloc_mode mode, uint64_t interval)
{
    return mode != ALLOC_SAMPLED || interval != 0;
}

static void start(void)
{
    const struct config_alloc *a = &config.alloc;
    int wanted = a->lua != ALLOC_OFF || a->c != ALLOC_OFF;
    int ok = wanted && interval_is_sound(a->lua, a->lua_interval) &&
             interval_is_sound(a->c, a->c_interval) && sites_start(a->sites_max) == 0;
    if (syscall(SYS_prctl, PR_GET_SECCOMP, 0L, 0L, 0L, 0L) != 0)
        native_ask_nothing(); /* a filter from outside: nothing that it may not foresee */
    if (ok) {
        struct arena_memory *m = &arena->memory;
        m->lua_mode = a->lua;
        m->c_mode = a->c;
        m->lua_interval = a->lua == ALLOC_SAMPLED ? a->lua_interval : 0;
        m->c_interval = a->c == ALLOC_SAMPLED ? a->c_interval : 0;
        m->tracked_max = track_start(a->lua == ALLOC_EXACT || a->c == ALLOC_EXACT);
        m->tag_bytes = a->lua == ALLOC_EXACT && !a->no_tag ? ALLOC_TAG_BYTES : 0;
    }
    if (a->bad)
        uncovered_note("a word in MODPROF_ALLOC",
                       "it is none of off, sample[:SIZE], exact, c-off, c-sample[:SIZE], c-exact, "
                       "sites:N, no-tag",
                       0);
    atomic_store(&started, ok ? 1 : -1);
}

static int is_started(void)
{
    return atomic_load_explicit(&started, memory_order_acquire) == 1;
}

static uint64_t *seed_of_thread(void)
{
    if (unlikely(seed == 0))
        seed = now_ns() ^ (uint64_t)(uintptr_t)&seed << 16;
    return &seed;
}

/* ---- counting ---- */

/* One of two threads that count for one site in C's lane must not undo what the other did. */
static void add(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static struct arena_lane *lane_of(uint32_t lane)
{
    return &arena->lanes[lane];
}

/* What a block of N bytes (or growth by that much) stands for. */
static struct draw weigh(enum alloc_mode mode, uint64_t n, uint64_t interval)
{
    return mode == ALLOC_EXACT ? (struct draw){1, n, 0}
                               : draw_weight(seed_of_thread(), n, interval);
}

/* C's estimate of what is live has a highest point of its own. */
static void level_change(struct arena_lane *l, int64_t bytes)
{
    int64_t live = __atomic_add_fetch(&l->live_bytes, bytes, __ATOMIC_RELAXED);
    if (live > 0 && (uint64_t)live > l->peak_bytes)
        l->peak_bytes = (uint64_t)live;
}

/* Before sites change: is the lane below a highest point that was not noted yet? */
static void lua_level(const struct arena_state *s, struct arena_lane *l)
{
    if (s->peak_bytes > l->peak_noted && s->live_bytes < s->peak_bytes)
        lane_peak(l, s->peak_bytes);
}

static void c_level(struct arena_lane *l)
{
    if (l->peak_bytes > l->peak_noted)
        lane_peak(l, l->peak_bytes);
}

static void count_new(struct arena_site *t, const struct draw *d, int grown)
{
    add(&t->seen_n, 1);
    if (grown) {
        add(&t->grow_n, d->n);
        add(&t->grow_bytes, d->bytes);
    } else {
        add(&t->alloc_n, d->n);
        add(&t->alloc_bytes, d->bytes);
    }
    t->alloc_var += d->var;
    t->live_var += d->var;
}

static void count_gone(const struct tracked *e)
{
    struct arena_site *t = site_at(e->site);
    struct arena_lane *l = lane_of(t->lane);
    site_touch(t, l);
    add(&t->free_n, e->n);
    add(&t->free_bytes, e->bytes);
    if (t->heap == HEAP_LUA && collections_free(&arena->states[t->lane], lane_of(t->lane), t)) {
        site_collected(l, t, e->bytes);
    } else {
        add(&t->hand_free_n, e->n);
        add(&t->hand_free_bytes, e->bytes);
    }
    t->live_var = t->live_var > e->var ? t->live_var - e->var : 0;
    l->kind_live[t->kind] -= (int64_t)e->bytes;
    if (t->heap == HEAP_C)
        level_change(l, -(int64_t)e->bytes);
}

/* Block P of LANE is new: what is known of one there is of one that went unseen, maybe with its state. */
static void forget_before(const void *p, uint32_t lane)
{
    struct tracked e;
    while (track_may_hold(TRACK_LUA, p) && track_take(TRACK_LUA, p, &e))
        if (e.owner % TRACK_OWNERS == lane)
            count_gone(&e);
        else
            heap_dropped_block(e.owner);
}

/* Counts what was drawn, and follows the block.  Returns its site; 0: it is not followed. */
static uint32_t record(enum track_heap heap, const void *p, const struct site_key *k,
                       const struct draw *d, int grown)
{
    uint32_t id = site_intern(k);
    if (id == 0)
        return 0;
    struct arena_site *t = site_at(id);
    struct arena_lane *l = lane_of(k->lane);
    struct tracked e = {.site = id,
                        .n = grown ? 0 : d->n,
                        .bytes = d->bytes,
                        .var = d->var,
                        .owner = track_owner(k->lane)};
    if (heap == TRACK_LUA && !grown)
        forget_before(p, k->lane);
    site_touch(t, l);
    count_new(t, d, grown);
    l->kind_live[t->kind] += (int64_t)d->bytes;
    if (track_add(heap, p, &e) == 0)
        return id;
    loss_count(LOSS_TRACK_FULL, d->n ? d->n : 1);
    return 0;
}

/* ---- blocks that are followed ---- */

void alloc_lua_gone(struct arena_state *s, const void *p)
{
    struct tracked e;
    uint32_t lane = (uint32_t)(s - arena->states);
    lua_level(s, lane_of(lane));
    while (track_take(TRACK_LUA, p, &e)) {
        if (e.owner % TRACK_OWNERS != lane) {
            heap_dropped_block(e.owner);
            continue;
        }
        if (site_at(e.site)->kind == ALLOC_USERDATA)
            userdata_gone(s, p, e.site);
        count_gone(&e);
    }
}

void alloc_c_gone(const void *p)
{
    struct tracked e;
    c_level(lane_of(SITE_LANE_C));
    while (track_take(TRACK_C, p, &e))
        count_gone(&e);
}

/* A block that grows again and again has many entries: those of one site become one. */
static int merge(struct alloc_moved *m, const struct tracked *e)
{
    for (int i = 0; i < m->n; i++) {
        struct tracked *t = &m->t[i];
        if (t->site != e->site)
            continue;
        t->n += e->n;
        t->bytes += e->bytes;
        t->var += e->var;
        return 1;
    }
    return 0;
}

/* All entries, so that none stays behind at an address that is no longer the block's.  Where there is no
 * more room, an entry's share is given up. */
void alloc_move_begin(enum track_heap heap, const void *p, struct alloc_moved *m)
{
    struct tracked e;
    m->n = 0;
    while (track_take(heap, p, &e))
        if (merge(m, &e))
            continue;
        else if (m->n < ALLOC_MOVED_MAX)
            m->t[m->n++] = e;
        else
            count_gone(&e);
}

/* Exact figures of Lua: alloc_exact.h. */
static int is_exact(enum track_heap heap)
{
    return heap == TRACK_C && config.alloc.c == ALLOC_EXACT;
}

/* Sampled growth is a sample of its own. */
static void grow(struct tracked *e, uint64_t bytes)
{
    struct arena_site *t = site_at(e->site);
    struct arena_lane *l = lane_of(t->lane);
    site_touch(t, l);
    add(&t->seen_n, 1);
    add(&t->grow_n, 1);
    add(&t->grow_bytes, bytes);
    e->bytes += bytes;
    l->kind_live[t->kind] += (int64_t)bytes;
    if (t->heap == HEAP_C)
        level_change(l, (int64_t)bytes);
}

/* A part is gone of everything that stands for the block. */
static void shrink(struct tracked *e, double share)
{
    struct arena_site *t = site_at(e->site);
    struct arena_lane *l = lane_of(t->lane);
    uint64_t lost = (uint64_t)((double)e->bytes * share);
    site_touch(t, l);
    add(&t->shrink_bytes, lost);
    e->bytes -= lost;
    l->kind_live[t->kind] -= (int64_t)lost;
    if (t->heap == HEAP_C)
        level_change(l, -(int64_t)lost);
}

void alloc_move_end(enum track_heap heap, const void *p, const struct alloc_moved *m, size_t before,
                    size_t after)
{
    for (int i = 0; i < m->n; i++) {
        struct tracked e = m->t[i];
        if (after < before)
            shrink(&e, (double)(before - after) / (double)before);
        else if (after > before && is_exact(heap))
            grow(&e, after - before);
        if (track_add(heap, p, &e) != 0)
            loss_count(LOSS_TRACK_FULL, 1);
    }
}

/* ---- how far apart samples are ---- */

static struct alloc_pace *pace_of(struct arena_state *s)
{
    _Static_assert(sizeof(struct alloc_pace) <= sizeof s->pace, "the arena has room for it");
    return (struct alloc_pace *)s->pace;
}

static void pace(struct alloc_pace *p, uint64_t now, uint64_t asked, _Atomic uint64_t *most)
{
    uint64_t interval = alloc_pace_next(p, now, asked);
    uint64_t before = atomic_load_explicit(most, memory_order_relaxed);
    while (interval > asked && interval > before &&
           !atomic_compare_exchange_weak(most, &before, interval)) {
    }
}

/* Looks at all that allocates, as time goes by. */
static uint64_t moment(void)
{
    uint64_t now = now_ns();
    memory_point(now);
    site_past(now);
    return now;
}

/* ---- Lua ---- */

static void lua_rearm(struct arena_state *s)
{
    switch (is_started() && s->lane_ready ? config.alloc.lua : ALLOC_OFF) {
    case ALLOC_EXACT:
        s->sample_left = EXACT_LOOK_BYTES;
        break;
    case ALLOC_SAMPLED:
        s->sample_left = (int64_t)draw_distance(
            seed_of_thread(), alloc_pace_interval(pace_of(s), config.alloc.lua_interval));
        break;
    case ALLOC_OFF:
        s->sample_left = NEVER;
        break;
    }
}

void alloc_state_new(struct arena_state *s, struct lua_copy *c)
{
    uint32_t lane = (uint32_t)(s - arena->states);
    track_drop(lane); /* what the slot's last state left */
    if (atomic_load(&started) == 0)
        start();
    if (is_started() && site_lane_ready(lane) == 0) {
        lane_of(lane)->gc = (struct arena_gc){.how = 0};
        *pace_of(s) = (struct alloc_pace){.interval = 0};
        if (config.alloc.lua == ALLOC_EXACT)
            alloc_exact_begin(s);
        s->lane_ready = 1;
        alloc_stack_watch(c);
    }
    lua_rearm(s);
}

int alloc_is_exact(const struct arena_state *s)
{
    return config.alloc.lua == ALLOC_EXACT && is_started() && s->lane_ready;
}

void alloc_state_close(struct arena_state *s)
{
    if (!is_started() || !s->lane_ready)
        return;
    uint16_t lane = (uint16_t)(s - arena->states);
    if (s->peak_bytes > lane_of(lane)->peak_noted)
        lane_peak(lane_of(lane), s->peak_bytes);
    lane_close(lane);
}

/* Nothing tells us of its blocks any more, nor of its functions. */
void alloc_state_dropped(struct arena_state *s)
{
    uint32_t lane = (uint32_t)(s - arena->states);
    alloc_state_close(s);
    track_drop(lane);
    if (is_started() && s->lane_ready)
        lane_drop((uint16_t)lane);
    userdata_forget(s);
    lua_line_forget();
}

/* Is block P, which has just grown, the table of all short strings?  It grows in the middle of whatever makes a string,
 * and is nobody's. */
static int is_string_table(const struct arena_state *s, const void *p)
{
    const void *table, *before = lua_frames_moved != NULL ? lua_frames_moved : p;
    if (s->global_state == 0)
        return 0;
    memcpy(&table, (const char *)(uintptr_t)s->global_state + OFFSET_GLOBAL_STRINGS, sizeof table);
    return table == before; /* it is told of its new place afterwards */
}

static void lua_draw(struct arena_state *s, const void *p, unsigned kind, size_t n, int grown)
{
    struct alloc_stack stack;
    uint32_t lane = (uint32_t)(s - arena->states);
    struct site_key k = {.lane = (uint16_t)lane, .heap = HEAP_LUA};
    struct draw d = draw_weight(seed_of_thread(), n,
                                alloc_pace_interval(pace_of(s), config.alloc.lua_interval));
    alloc_stack_lua(s, &stack);
    int nobodys = grown && is_string_table(s, p);
    k.lua = nobodys ? 0 : stack.lua;
    k.kind = kind == ALLOC_OTHER && !nobodys ? stack.kind : (uint8_t)kind;
    lua_level(s, lane_of(lane));
    userdata_look(s);
    uint32_t site = record(TRACK_LUA, p, &k, &d, grown);
    if (kind == ALLOC_USERDATA && site != 0)
        userdata_made(s, p, site);
}

/* 1 where there was one, which ended the countdown before its time. */
static int run_errand(struct arena_state *s)
{
    if (busy || likely(atomic_load(&alloc_errands) == 0))
        return 0;
    busy = 1;
    alloc_errand_run(s);
    busy = 0;
    return 1;
}

static int is_sampled(const struct arena_state *s)
{
    return config.alloc.lua == ALLOC_SAMPLED && is_started() && s->lane_ready;
}

/* After an errand a new countdown is as good as the rest of the old one. */
static COLD void lua_sample(struct arena_state *s, const void *p, unsigned kind, size_t n,
                            int grown)
{
    int saved = errno;
    if (!run_errand(s) && !busy && is_sampled(s)) {
        busy = 1;
        lua_draw(s, p, kind, n, grown);
        collections_look(s);
        uint64_t now = moment();
        if (config.alloc.lua_paced)
            pace(pace_of(s), now, config.alloc.lua_interval, &arena->memory.lua_most);
        busy = 0;
    }
    lua_rearm(s);
    errno = saved;
}

COLD void alloc_lua_look(struct arena_state *s)
{
    int saved = errno;
    run_errand(s);
    if (!busy) {
        busy = 1;
        userdata_look(s);
        collections_look(s);
        moment();
        busy = 0;
    }
    lua_rearm(s);
    errno = saved;
}

void alloc_lua_new(struct arena_state *s, const void *p, size_t kind, size_t n)
{
    lua_sample(s, p, kind - ALLOC_STRING <= ALLOC_PROTO - ALLOC_STRING ? (unsigned)kind : 0, n, 0);
}

void alloc_lua_grown(struct arena_state *s, const void *p, size_t n)
{
    lua_sample(s, p, ALLOC_OTHER, n, 1);
}

/* ---- C ---- */

/* Nothing can be counted yet: how far to the next look whether it can. Exact: what follows the first state counts. */
static int64_t c_wait(void)
{
    if (config.alloc.c == ALLOC_OFF || atomic_load(&started) < 0)
        return NEVER;
    return config.alloc.c == ALLOC_EXACT ? 0 : 1 << 16;
}

static void c_rearm(void)
{
    c_begun = is_started();
    switch (c_begun ? config.alloc.c : ALLOC_OFF) {
    case ALLOC_EXACT:
        alloc_c_left = 0;
        break;
    case ALLOC_SAMPLED:
        alloc_c_left = (int64_t)draw_distance(
            seed_of_thread(), alloc_pace_interval(&c_pace, config.alloc.c_interval));
        break;
    case ALLOC_OFF: /* or not begun */
        alloc_c_left = c_wait();
        break;
    }
}

static void c_draw(const void *p, size_t n, const void *caller, int grown)
{
    struct alloc_stack stack;
    struct site_key k = {.lane = SITE_LANE_C, .heap = HEAP_C};
    struct draw d = weigh(config.alloc.c, n, alloc_pace_interval(&c_pace, config.alloc.c_interval));
    if (!arena->c_sites) {
        if (site_lane_ready(SITE_LANE_C) != 0)
            return;
        __atomic_store_n(&arena->c_sites, 1, __ATOMIC_RELEASE);
    }
    alloc_stack_c(caller, &stack);
    if (unlikely(stack.unlearnt != NULL))
        alloc_errand_learn(stack.unlearnt);
    k.lua = stack.lua;
    k.native = stack.native;
    k.object = (uint32_t)(object_of_caller(caller) + 1);
    struct arena_lane *l = lane_of(SITE_LANE_C);
    if (l->peak_bytes > l->peak_noted && l->live_bytes < (int64_t)l->peak_bytes)
        c_level(l);
    record(TRACK_C, p, &k, &d, grown);
    level_change(l, (int64_t)d.bytes);
}

static COLD void c_sample(const void *p, size_t n, const void *caller, int grown)
{
    int saved = errno;
    if (unlikely(!c_begun)) { /* the thread's first countdown begins, with this block */
        c_rearm();
        alloc_c_left -= (int64_t)n;
        errno = saved;
        if (alloc_c_left >= 0)
            return;
    }
    if (!busy && c_begun && config.alloc.c != ALLOC_OFF) {
        busy = 1;
        c_draw(p, n, caller, grown);
        if (config.alloc.c == ALLOC_SAMPLED) {
            uint64_t now = moment();
            if (config.alloc.c_paced)
                pace(&c_pace, now, config.alloc.c_interval, &arena->memory.c_most);
        }
        busy = 0;
    }
    c_rearm();
    errno = saved;
}

void alloc_c_new(const void *p, size_t n, const void *caller)
{
    c_sample(p, n, caller, 0);
}

void alloc_c_grown(const void *p, size_t n, const void *caller)
{
    if (config.alloc.c != ALLOC_EXACT) /* exact: growth belongs to the block, see alloc_move_end */
        c_sample(p, n, caller, 1);
}
