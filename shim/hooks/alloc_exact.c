/* alloc_exact: see alloc_exact.h. */
#include "shim/hooks/alloc_exact.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

#include "shim/hooks/alloc_sample.h"
#include "shim/hooks/alloc_stack.h"
#include "shim/hooks/alloc_tag.h"
#include "shim/hooks/collections.h"
#include "shim/hooks/userdata_types.h"
#include "shim/real.h"
#include "shim/sampler/current.h"
#include "shim/sampler/sampler.h"
#include "shim/stack/lua_key.h"
#include "shim/stack/lua_learn.h"
#include "shim/stack/lua_stack.h"
#include "shim/stack/site_cache.h"
#include "shim/stack/site_collected.h"
#include "shim/stack/site_table.h"
#include "shim/stack/trail.h"

static inline struct current *current_in(const struct arena_state *s)
{
    return (struct current *)(uintptr_t)s->current;
}

static inline uint32_t lane_index(const struct arena_state *s)
{
    return (uint32_t)(s - arena->states);
}

void alloc_exact_begin(struct arena_state *s)
{
    current_wanted = 1;
    s->current = (uintptr_t)&current_of[lane_index(s)];
    current_reset(current_in(s), lane_index(s));
}

void alloc_exact_made(const struct arena_state *s)
{
    current_begin(current_in(s), s->copy);
}

/* ---- which site: by a walk ---- */

static SHIM_TLS int busy; /* a signal handler allocates, in the middle of this */

/* Until its structures were learnt, nothing is known of a copy.  Where another thread is at it, what is allocated meanwhile would
 * have no stack: it is waited for.  It needs nothing that we hold. */
static void learn(const struct arena_state *s)
{
    const uint64_t patience_ns = 200 * 1000 * 1000;
    static _Atomic int in_vain;
    const struct lua_learnt *l = lua_learnt(s->copy);
    if (s->global_state == 0 || likely(__atomic_load_n(&l->tried, __ATOMIC_ACQUIRE)))
        return;
    uint64_t end = now_ns() + patience_ns;
    while (alloc_stack_learn(copy_at(s->copy)) == 0 &&
           !__atomic_load_n(&l->tried, __ATOMIC_ACQUIRE) && !atomic_load(&in_vain)) {
        sched_yield();
        if (now_ns() > end)
            atomic_store(&in_vain, 1);
    }
}

static uint32_t site_of(const struct arena_state *s, unsigned kind, uint32_t lua)
{
    struct site_key k = {
        .lane = (uint16_t)lane_index(s), .heap = HEAP_LUA, .kind = (uint8_t)kind, .lua = lua};
    return site_intern(&k);
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
        id = site_of(s, kind == ALLOC_OTHER ? stack.kind : kind, stack.lua);
        busy = 0;
    }
    errno = saved;
    return id;
}

/* ---- which site: by what tells it without a walk of the C stack ---- */

/* What was found of an allocation that is being made. */
struct made {
    uint64_t pc; /* where the Lua function that runs innermost is; 0: at what it saved */
    uint16_t kind, told_kind;
    uint32_t is_stale; /* 1: so is the line */
    uint64_t key;
    struct current_site *site; /* of the last one made there */
};

/* The one taken last; else another, which is then the last.  All in the frame of alloc_exact_new. */
static inline __attribute__((always_inline)) const struct trail *
trail_of(struct current *c, struct trail_here here, unsigned wants)
{
    const struct trail *t = c->trail[wants];
    if (likely(t != NULL) && likely(trail_fits(t, here)))
        return t;
    t = trail_find(here, wants);
    if (unlikely(t == NULL)) {
        struct registers r;
        registers_now(&r);
        t = alloc_stack_trail(&r, wants);
    }
    return c->trail[wants] = t;
}

/* The pc of the Lua function that runs innermost, CI's; 0: what it saved. */
static inline __attribute__((always_inline)) uint64_t pc_now(const struct trail *t,
                                                             struct trail_here here, const void *ci)
{
    uint64_t lo, hi;
    lua_key_code(ci, &lo, &hi);
    return trail_pc(t, here, lo, hi);
}

/* Looks as far as WANTS says.  CI: the call of the Lua function that runs innermost; NULL: there is none.  Returns 0
 * where it takes a walk to tell. */
static inline __attribute__((always_inline)) int look(struct current *c, struct made *m,
                                                      const void *ci, unsigned wants)
{
    struct trail_here here = trail_here();
    const struct trail *t = trail_of(c, here, wants);
    if (unlikely(t == NULL))
        return 0;
    if (wants & TRAIL_KIND)
        m->told_kind = t->kind;
    if (unlikely(!t->has_vm))
        m->is_stale = 1;
    else if (ci != NULL)
        m->pc = pc_now(t, here, ci);
    return 1;
}

static COLD uint64_t key_with_look(const void *ci, uint64_t key)
{
    lua_key_callers(ci, &key, 1);
    return key;
}

/* In the frame of alloc_exact_new, which has saved all registers anyway. */
static inline __attribute__((always_inline)) uint64_t key_of_stack(const void *ci, uint64_t pc)
{
    uint64_t innermost = 0, key;
    if (likely(pc != 0)) { /* there is a call */
        innermost = lua_key_innermost(ci, pc);
        ci = lua_key_pointer(ci, OFFSET_CI_PREVIOUS);
    }
    key = innermost;
    return likely(lua_key_callers(ci, &key, 0)) ? key : key_with_look(ci, innermost);
}

/* Looks for what is not known of M.  Returns 0 where it takes a walk to tell. */
static inline __attribute__((always_inline)) int look_in(struct current *c, struct made *m,
                                                         const void *ci)
{
    if (ci == NULL || unlikely(!lua_key_is_lua(ci)))
        return m->kind != ALLOC_OTHER || look(c, m, NULL, TRAIL_KIND);
    return likely(m->kind != ALLOC_OTHER) ? look(c, m, ci, TRAIL_VM)
                                          : look(c, m, ci, TRAIL_VM | TRAIL_KIND);
}

/* Finds what is not known of M, and a key that is equal for equal sites.  Returns 0 where it takes a walk to tell. */
static inline __attribute__((always_inline)) int key_of(struct current *c, struct made *m)
{
    const lua_State *L = c->L;
    const void *ci = NULL;
    uint64_t stack = 0;
    if (likely(L != NULL)) {
        ci = lua_key_pointer(L, OFFSET_STATE_CI);
        if (!look_in(c, m, ci))
            return 0;
        stack = key_of_stack(ci, m->pc) + c->root;
    } else if (!look_in(c, m, NULL)) {
        return 0;
    }
    m->site = current_site(c, ci, m->pc, m->kind);
    m->key = lua_key_add(stack, c->code | m->told_kind | m->is_stale << 8);
    return 1;
}

/* ---- one that is not the last of its place ---- */

/* Under no resumer, with a line that is right, Lua's own call infos are all that there is to a stack. */
static COLD uint32_t site_by_frames(const struct arena_state *s, struct made m)
{
    const struct current *c = current_in(s);
    uint32_t id = 0;
    if (!busy) {
        busy = 1;
        uint32_t lua = c->L != NULL ? lua_stack_node(c->L, m.pc, c->code, !sampler_is_fenced()) : 0;
        id = site_of(s, m.told_kind, lua);
        busy = 0;
    }
    return id;
}

/* What a walk finds is remembered, if it says that the same state runs. */
static COLD uint32_t site_and_remember(struct arena_state *s, struct made m)
{
    const struct current *c = current_in(s);
    const lua_State *L = c->L;
    uint64_t root = c->root;
    uint32_t id = root == 0 && !m.is_stale ? site_by_frames(s, m) : site_by_walk(s, m.kind);
    if (id != 0 && current_holds(c) && c->L == L && c->root == root)
        site_cache_put(m.key, id);
    return id;
}

static const struct current_site *site_set(struct current_site *site, uint64_t key, uint32_t id)
{
    *site = (struct current_site){key, id != 0 ? site_at(id) : NULL, id};
    return site;
}

static __attribute__((noinline)) const struct current_site *site_of_key(struct arena_state *s,
                                                                        struct made m)
{
    uint32_t id = site_cache_get(m.key);
    if (unlikely(id == 0))
        id = site_and_remember(s, m);
    return site_set(m.site, m.key, id);
}

static COLD const struct current_site *walked(struct arena_state *s, unsigned kind)
{
    return site_set(&current_in(s)->site[kind], 0, site_by_walk(s, kind));
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
    if (n != proto_bytes || (t != NULL && t->kind != ALLOC_PROTO && t->flags == 0))
        return;
    c->code += CURRENT_CODE_STEP;
    lua_line_forget();
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

/* Kinds that more is to be known of than how many there are: a bit each. */
enum { WITH_CARE = 1 << ALLOC_USERDATA | 1 << ALLOC_PROTO | 1 << ALLOC_THREAD };

static COLD void new_with_care(const struct arena_state *s, const void *p, unsigned kind, size_t n,
                               uint32_t id)
{
    if (kind == ALLOC_PROTO)
        proto_bytes = n;
    if (kind == ALLOC_USERDATA && id != 0)
        new_userdata(s, p, id);
}

HOT void *alloc_exact_new(struct arena_state *s, void *p, size_t kind, size_t n)
{
    __asm__ volatile("" ::: "rbx", "r12", "r13", "r14", "r15"); /* which are saved here, then */
    struct current *c = current_in(s);
    struct made m = {.kind = (uint16_t)kind, .told_kind = (uint16_t)kind};
    const struct current_site *site;
    if (unlikely(!current_holds(c)) || unlikely(!key_of(c, &m)))
        site = walked(s, kind);
    else if (likely(m.key == m.site->key)) /* foretold, as a rule: nothing waits for the key */
        site = m.site;
    else
        site = site_of_key(s, m);
    uint32_t id = site->id;
    struct arena_site *t = site->site;
    if (likely(t != NULL)) {
        struct arena_lane *l = c->lane;
        site_touch(t, l);
        t->alloc_n++;
        t->alloc_bytes += n;
        l->kind_live[t->kind] += (int64_t)n;
    }
    alloc_tag_keep(s, p, n, id);
    if (unlikely((s->sample_left -= (int64_t)n) < 0))
        alloc_lua_look(s);
    if (unlikely(WITH_CARE >> kind & 1))
        new_with_care(s, p, kind, n, id);
    return p;
}

/* What was written over by the host may look like a site that there is not. */
static inline struct arena_site *site_known(const struct current *c, uint32_t id)
{
    if (unlikely(id - 1 >= atomic_load_explicit(&arena->sites_n, memory_order_relaxed)))
        return NULL;
    struct arena_site *t = site_at(id);
    __asm__("" : "+r"(t)); /* worked out once */
    return likely(t->lane == c->lane_i) ? t : NULL;
}

void alloc_exact_resized(struct arena_state *s, uint32_t site, size_t before, size_t after)
{
    const struct current *c = current_in(s);
    struct arena_lane *l = c->lane;
    struct arena_site *t = site_known(c, site);
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
    if (collections_free(s, l, t)) {
        site_collected(l, t, n);
    } else {
        t->hand_free_n++;
        t->hand_free_bytes += n;
    }
}

static COLD void gone_with_care(struct arena_state *s, const void *p, uint32_t site, size_t n)
{
    struct current *c = current_in(s);
    struct arena_lane *l = c->lane;
    struct arena_site *t = site_known(c, site);
    state_gone(c, p, n);
    code_gone(c, t, n);
    if (t == NULL)
        return;
    level_fell(s, l);
    site_touch(t, l);
    if (t->kind == ALLOC_USERDATA)
        userdata_gone(s, p, site);
    count_gone(s, l, t, n);
}

/* Most blocks, at most moments, are just counted. */
static inline void gone(struct arena_state *s, const void *p, uint32_t site, size_t n)
{
    const struct current *c = current_in(s);
    struct arena_lane *l = c->lane;
    struct arena_site *t = site_known(c, site);
    if (unlikely(t == NULL) || unlikely(s->peak_bytes > l->peak_noted) ||
        unlikely(t->epoch != l->epoch) || unlikely(WITH_CARE >> t->kind & 1) ||
        unlikely(t->flags != 0))
        gone_with_care(s, p, site, n);
    else
        count_gone(s, l, t, n);
}

HOT void alloc_exact_gone(struct arena_state *s, const void *p, uint32_t site, size_t n)
{
    gone(s, p, site, n);
}

HOT void *alloc_exact_free(struct arena_state *s, void *p, uint32_t site, size_t n)
{
    gone(s, p, site, n);
    real.free(p);
    return NULL;
}
