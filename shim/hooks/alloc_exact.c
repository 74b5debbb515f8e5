/* alloc_exact: see alloc_exact.h. */
#include "shim/hooks/alloc_exact.h"

#include <errno.h>

#include "shim/hooks/alloc_sample.h"
#include "shim/hooks/alloc_stack.h"
#include "shim/hooks/userdata_types.h"
#include "shim/stack/site_table.h"

static inline uint32_t lane_index(const struct arena_state *s)
{
    return (uint32_t)(s - arena->states);
}

static inline struct arena_lane *lane_of(const struct arena_state *s)
{
    return &arena->lanes[lane_index(s)];
}

/* ---- which site ---- */

static SHIM_TLS int busy; /* a signal handler allocates, in the middle of this */

static COLD uint32_t site_by_walk(struct arena_state *s, unsigned kind)
{
    int saved = errno;
    uint32_t id = 0;
    if (!busy) {
        busy = 1;
        struct alloc_stack stack;
        alloc_stack_lua(s->global_state, &stack);
        struct site_key k = {.lane = (uint16_t)lane_index(s),
                             .heap = HEAP_LUA,
                             .kind = kind == ALLOC_OTHER ? stack.kind : (uint8_t)kind,
                             .lua = stack.lua};
        id = site_intern(&k);
        busy = 0;
    }
    errno = saved;
    return id;
}

/* ---- its counters ---- */

/* The heap has begun to go down: before a site changes, what lived at the highest point is noted. */
static inline void level_fell(const struct arena_state *s, struct arena_lane *l)
{
    if (s->peak_bytes > l->peak_noted)
        lane_peak(l, s->peak_bytes);
}

/* Behind all looks, which must not find it before Lua has filled it in. */
static COLD void new_userdata(const struct arena_state *s, const void *p, uint32_t id)
{
    userdata_look(s);
    userdata_made(s, p, id);
}

uint32_t alloc_exact_new(struct arena_state *s, const void *p, unsigned kind, size_t n)
{
    uint32_t id = site_by_walk(s, kind);
    if (likely(id != 0)) {
        struct arena_site *t = site_at(id);
        struct arena_lane *l = lane_of(s);
        site_touch(t, l);
        t->alloc_n++;
        t->alloc_bytes += n;
        l->kind_live[t->kind] += (int64_t)n;
    }
    if (unlikely((s->sample_left -= (int64_t)n) < 0))
        alloc_lua_look(s);
    if (unlikely(kind == ALLOC_USERDATA) && id != 0)
        new_userdata(s, p, id);
    return id;
}

/* What was written over by the host may look like a site that there is not. */
static inline struct arena_site *site_known(const struct arena_state *s, uint32_t id)
{
    if (unlikely(id - 1 >= atomic_load_explicit(&arena->sites_n, memory_order_relaxed)))
        return NULL;
    struct arena_site *t = site_at(id);
    return likely(t->lane == lane_index(s)) ? t : NULL;
}

void alloc_exact_resized(struct arena_state *s, uint32_t site, size_t before, size_t after)
{
    struct arena_site *t = site_known(s, site);
    struct arena_lane *l = lane_of(s);
    if (unlikely(t == NULL))
        return;
    if (after < before)
        level_fell(s, l);
    site_touch(t, l);
    l->kind_live[t->kind] += (int64_t)(after - before);
    if (after < before) {
        t->shrink_bytes += before - after;
    } else if (after > before) {
        t->grow_n++;
        t->grow_bytes += after - before;
    }
}

/* Lua frees objects nowhere but in its collector, and when a state is closed.  Parts of tables, stacks and
 * buffers are known to be collected only while a call of lua_gc runs. */
static inline int is_collected(const struct arena_state *s, const struct arena_site *t)
{
    int is_object = t->kind >= ALLOC_STRING && t->kind <= ALLOC_PROTO;
    return alloc_collecting || (is_object && s->close_live_bytes == 0);
}

void alloc_exact_gone(struct arena_state *s, const void *p, uint32_t site, size_t n)
{
    struct arena_site *t = site_known(s, site);
    struct arena_lane *l = lane_of(s);
    if (unlikely(t == NULL))
        return;
    level_fell(s, l);
    site_touch(t, l);
    if (unlikely(t->kind == ALLOC_USERDATA))
        userdata_gone(s, p, site);
    t->free_n++;
    t->free_bytes += n;
    l->kind_live[t->kind] -= (int64_t)n;
    if (!is_collected(s, t)) {
        t->hand_free_n++;
        t->hand_free_bytes += n;
    }
}
