/* alloc_exact: see alloc_exact.h. */
#include "shim/hooks/alloc_exact.h"

#include <errno.h>

#include "shim/hooks/alloc_sample.h"
#include "shim/hooks/alloc_stack.h"
#include "shim/hooks/collections.h"
#include "shim/hooks/userdata_types.h"
#include "shim/sampler/current.h"
#include "shim/stack/lua_key.h"
#include "shim/stack/lua_learn.h"
#include "shim/stack/site_cache.h"
#include "shim/stack/site_collected.h"
#include "shim/stack/site_table.h"
#include "shim/stack/trail.h"

static inline uint32_t lane_index(const struct arena_state *s)
{
    return (uint32_t)(s - arena->states);
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
    struct current *c;
    struct trail_here here;
    unsigned kind;
    uint32_t lane;
};

/* The one taken last; else another, which is then the last.  All in the frame of alloc_exact_new. */
static inline __attribute__((always_inline)) const struct trail *trail_of(const struct made *m,
                                                                          unsigned wants)
{
    const struct trail *t = m->c->trail[wants];
    if (likely(t != NULL) && likely(trail_fits(t, m->here)))
        return t;
    t = trail_find(m->here, wants);
    if (unlikely(t == NULL)) {
        struct registers r;
        registers_now(&r);
        t = alloc_stack_trail(&r, wants);
    }
    return m->c->trail[wants] = t;
}

/* The pc of the Lua function that runs innermost, CI's; 0: what it saved. */
static inline __attribute__((always_inline)) uint64_t pc_now(const struct made *m,
                                                             const struct trail *t, const void *ci)
{
    uint64_t lo, hi;
    lua_key_code(ci, &lo, &hi);
    return trail_pc(t, m->here, lo, hi);
}

/* Equal for equal sites.  Returns 0 where it takes a walk to tell. */
static inline __attribute__((always_inline)) int key_of(const struct made *m, uint64_t *key)
{
    const lua_State *L = m->c->L;
    const void *ci = L != NULL ? lua_key_lua_call(L) : NULL;
    unsigned wants = (ci != NULL ? TRAIL_VM : 0) | (m->kind == ALLOC_OTHER ? TRAIL_KIND : 0);
    uint64_t pc = 0, rest = m->kind | (uint64_t)m->lane << 16 | m->c->code << 32;
    if (wants != 0) {
        const struct trail *t = trail_of(m, wants);
        if (unlikely(t == NULL))
            return 0;
        if (m->kind == ALLOC_OTHER)
            rest |= t->kind;
        if (unlikely(!t->has_vm))
            rest |= 1 << 8; /* the line is stale */
        else if (ci != NULL)
            pc = pc_now(m, t, ci);
    }
    *key = lua_key_add(L != NULL ? lua_key(L, pc, m->c->root) : 0, rest);
    return 1;
}

static COLD uint32_t site_and_remember(struct arena_state *s, unsigned kind, uint64_t key);

static __attribute__((noinline)) uint32_t site_of_key(struct arena_state *s, unsigned kind,
                                                      uint64_t key)
{
    struct current_site *last = &current_in(s)->site[kind];
    uint32_t id = site_cache_get(key);
    if (unlikely(id == 0))
        return site_and_remember(s, kind, key);
    *last = (struct current_site){key, id};
    return id;
}

/* What a walk finds is remembered, if it says that the same state runs. */
static COLD uint32_t site_and_remember(struct arena_state *s, unsigned kind, uint64_t key)
{
    const struct current *c = current_in(s);
    const lua_State *L = c->L;
    uint64_t root = c->root;
    uint32_t id = site_by_walk(s, kind);
    if (id != 0 && current_holds(c) && c->L == L && c->root == root)
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

static inline void code_gone(struct current *c, const struct arena_site *t, size_t n)
{
    if (n == proto_bytes && (t == NULL || t->kind == ALLOC_PROTO || t->flags != 0))
        c->code++;
}

static inline int is_within(const void *what, const void *p, size_t n)
{
    return (uintptr_t)what - (uintptr_t)p < n;
}

/* A thread that is still taken for running is given back, after an exception. */
static inline void state_gone(struct current *c, const void *p, size_t n)
{
    if (is_within(c->L, p, n))
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
    __asm__ volatile("" ::: "rbx", "r12", "r13", "r14", "r15"); /* which are saved here, then */
    uint32_t lane = lane_index(s);
    struct made m = {s, &current_of[lane], trail_here(), kind, lane};
    uint64_t key;
    uint32_t id;
    if (unlikely(!current_holds(m.c)) || unlikely(!key_of(&m, &key)))
        id = site_by_walk(s, kind);
    else if (likely(key == m.c->site[kind].key)) /* foretold: nothing waits for the key */
        id = m.c->site[kind].id;
    else
        id = site_of_key(s, kind, key);
    if (likely(id != 0)) {
        struct arena_site *t = site_at(id);
        struct arena_lane *l = &arena->lanes[lane];
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
static inline struct arena_site *site_known(uint32_t lane, uint32_t id)
{
    if (unlikely(id - 1 >= atomic_load_explicit(&arena->sites_n, memory_order_relaxed)))
        return NULL;
    struct arena_site *t = site_at(id);
    return likely(t->lane == lane) ? t : NULL;
}

void alloc_exact_resized(struct arena_state *s, uint32_t site, size_t before, size_t after)
{
    uint32_t lane = lane_index(s);
    struct arena_site *t = site_known(lane, site);
    struct arena_lane *l = &arena->lanes[lane];
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

static inline void count_gone(const struct arena_state *s, struct arena_lane *l,
                              struct arena_site *t, size_t n)
{
    t->free_n++;
    t->free_bytes += n;
    l->kind_live[t->kind] -= (int64_t)n;
    if (collections_free(s, t)) {
        site_collected(l, t, n);
    } else {
        t->hand_free_n++;
        t->hand_free_bytes += n;
    }
}

static COLD void gone_with_care(struct arena_state *s, const void *p, uint32_t site, size_t n)
{
    uint32_t lane = lane_index(s);
    struct arena_site *t = site_known(lane, site);
    struct arena_lane *l = &arena->lanes[lane];
    state_gone(&current_of[lane], p, n);
    code_gone(&current_of[lane], t, n);
    if (t == NULL)
        return;
    level_fell(s, l);
    site_touch(t, l);
    if (t->kind == ALLOC_USERDATA)
        userdata_gone(s, p, site);
    count_gone(s, l, t, n);
}

/* Most blocks, at most moments, are just counted. */
HOT void alloc_exact_gone(struct arena_state *s, const void *p, uint32_t site, size_t n)
{
    uint32_t lane = lane_index(s);
    struct arena_site *t = site_known(lane, site);
    struct arena_lane *l = &arena->lanes[lane];
    if (unlikely(t == NULL) || unlikely(s->peak_bytes > l->peak_noted) ||
        unlikely(t->epoch != l->epoch) || unlikely(t->kind == ALLOC_USERDATA) ||
        unlikely(n == proto_bytes) || unlikely(is_within(current_of[lane].L, p, n)))
        gone_with_care(s, p, site, n);
    else
        count_gone(s, l, t, n);
}
