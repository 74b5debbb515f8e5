/* alloc_exact: see alloc_exact.h. */
#include "shim/hooks/alloc_exact.h"

#include <errno.h>

#include "shim/hooks/alloc_sample.h"
#include "shim/hooks/alloc_stack.h"
#include "shim/hooks/userdata_types.h"
#include "shim/sampler/current.h"
#include "shim/stack/lua_key.h"
#include "shim/stack/lua_learn.h"
#include "shim/stack/site_cache.h"
#include "shim/stack/site_table.h"
#include "shim/stack/trail.h"

static inline uint32_t lane_index(const struct arena_state *s)
{
    return (uint32_t)(s - arena->states);
}

static inline struct arena_lane *lane_of(const struct arena_state *s)
{
    return &arena->lanes[lane_index(s)];
}

static inline struct current *current_in(const struct arena_state *s)
{
    return &current_of[lane_index(s)];
}

void alloc_exact_begin(const struct arena_state *s)
{
    current_wanted = 1;
    current_forget(current_in(s));
}

void alloc_exact_made(const struct arena_state *s)
{
    current_begin(current_in(s), s->copy);
}

/* ---- which site: by a walk ---- */

static SHIM_TLS int busy; /* a signal handler allocates, in the middle of this */

/* Until its structures were learnt, nothing is known of a copy. */
static void learn(const struct arena_state *s)
{
    if (s->global_state != 0 && !lua_learnt(s->copy)->tried)
        alloc_stack_learn(copy_at(s->copy));
}

static COLD uint32_t site_by_walk(struct arena_state *s, unsigned kind)
{
    int saved = errno;
    uint32_t id = 0;
    if (!busy) {
        busy = 1;
        struct alloc_stack stack;
        learn(s);
        alloc_stack_lua(s, &stack);
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

/* ---- which site: by what tells it without a walk ---- */

/* An allocation that is being made: of KIND, for S, in which C runs, from R on. */
struct made {
    const struct arena_state *s;
    const struct current *c;
    const struct registers *r;
    unsigned kind;
};

static inline const struct trail *trail_of(const struct made *m, unsigned wants)
{
    const struct trail *t = trail_find(m->r, wants);
    return likely(t != NULL) ? t : alloc_stack_trail(m->r, wants);
}

/* Of the Lua function that runs innermost, CI's.  Returns 0 where it takes a walk to tell. */
static inline int pc_now(const struct made *m, const struct trail *t, const void *ci, uint64_t *pc,
                         int *is_stale)
{
    const struct lua_learnt *l = lua_learnt(m->s->copy);
    uint64_t lo, hi;
    if (unlikely(t->has_vm && l->pc_slot != 0))
        return 0;
    *is_stale = !t->has_vm || !l->pc_in_register;
    if (unlikely(*is_stale))
        return 1;
    lua_key_code(ci, &lo, &hi);
    *pc = trail_pc(t, m->r, lo, hi);
    return 1;
}

/* Equal for equal sites.  Returns 0 where it takes a walk to tell. */
static inline int key_of(const struct made *m, uint64_t *key)
{
    const lua_State *L = m->c->L;
    const void *ci = L != NULL ? lua_key_lua_call(L) : NULL;
    unsigned kind = m->kind;
    unsigned wants = (ci != NULL ? TRAIL_VM : 0) | (kind == ALLOC_OTHER ? TRAIL_KIND : 0);
    uint64_t pc = 0;
    int is_stale = 0;
    if (wants != 0) {
        const struct trail *t = trail_of(m, wants);
        if (unlikely(t == NULL) || (ci != NULL && !pc_now(m, t, ci, &pc, &is_stale)))
            return 0;
        if (kind == ALLOC_OTHER)
            kind = t->kind;
    }
    uint64_t rest = kind | (uint64_t)is_stale << 8 | (uint64_t)lane_index(m->s) << 16;
    *key = lua_key_add(L != NULL ? lua_key(L, pc, m->c->root) : 0, rest ^ m->c->code << 32);
    return 1;
}

/* What a walk finds is remembered, if it says that the same state runs. */
static COLD uint32_t site_and_remember(struct arena_state *s, unsigned kind, uint64_t key)
{
    struct current *c = current_in(s), before = *c;
    uint32_t id = site_by_walk(s, kind);
    if (id != 0 && current_holds(c) && c->L == before.L && c->root == before.root)
        site_cache_put(key, id);
    return id;
}

/* ---- its counters ---- */

/* The heap has begun to go down: before a site changes, what lived at the highest point is noted. */
static inline void level_fell(const struct arena_state *s, struct arena_lane *l)
{
    if (s->peak_bytes > l->peak_noted)
        lane_peak(l, s->peak_bytes);
}

/* Keys name functions by where their instructions are. */
static size_t proto_bytes;

static inline void code_gone(const struct arena_state *s, const struct arena_site *t, size_t n)
{
    if (unlikely(n == proto_bytes) && (t == NULL || t->kind == ALLOC_PROTO || t->flags != 0))
        current_in(s)->code++;
}

/* A thread that is still taken for running is given back, after an exception. */
static inline void state_gone(const struct arena_state *s, const void *p, size_t n)
{
    struct current *c = current_in(s);
    if (unlikely((uintptr_t)c->L - (uintptr_t)p < n))
        current_forget(c);
}

/* Behind all looks, which must not find it before Lua has filled it in. */
static COLD void new_userdata(const struct arena_state *s, const void *p, uint32_t id)
{
    userdata_look(s);
    userdata_made(s, p, id);
}

HOT uint32_t alloc_exact_new(struct arena_state *s, const void *p, unsigned kind, size_t n)
{
    struct registers r;
    registers_now(&r);
    struct made m = {s, current_in(s), &r, kind};
    uint64_t key;
    uint32_t id;
    if (unlikely(!current_holds(m.c)) || unlikely(!key_of(&m, &key)))
        id = site_by_walk(s, kind);
    else if (unlikely((id = site_cache_get(key)) == 0))
        id = site_and_remember(s, kind, key);
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
    if (unlikely(kind == ALLOC_PROTO))
        proto_bytes = n;
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

HOT void alloc_exact_gone(struct arena_state *s, const void *p, uint32_t site, size_t n)
{
    struct arena_site *t = site_known(s, site);
    struct arena_lane *l = lane_of(s);
    state_gone(s, p, n);
    code_gone(s, t, n);
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
