/* heap: Lua states and their allocator.
 *
 * In: the redirected lua_newstate, lua_close, lua_getallocf, lua_setallocf, and every call that Lua
 * makes to its allocator.  Out: the counters of struct arena_state.
 *
 * heap_alloc runs millions of times a second.  A new or resized block is counted once the allocator
 * has agreed, a freed one before it is given back.
 *
 * Context: host threads. */
#include "shim/hooks/heap.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "arena/snapshot.h"
#include "shim/attach/arch/x86_64/plain_alloc.h"
#include "shim/attach/arch/x86_64/stack.h"
#include "shim/attach/hooks.h"
#include "shim/fork_mark.h"
#include "shim/hooks/alloc_exact.h"
#include "shim/hooks/alloc_sample.h"
#include "shim/hooks/cheap.h"
#include "shim/hooks/collections.h"
#include "shim/hooks/heap_count.h"
#include "shim/hooks/heap_dropped.h"
#include "shim/hooks/heap_exact.h"
#include "shim/hooks/heap_host.h"
#include "shim/hooks/marks.h"
#include "shim/real.h"
#include "shim/record/record_api.h"
#include "shim/sampler/sampler.h"
#include "shim/stack/lua_frames.h"

SHIM_TLS uintptr_t heap_inside;

/* arena_state.route.  Direct: the host's allocator is proven to be nothing but realloc and free, so
 * they are called without it, which saves two functions at every request.  Exact: heap_exact.h. */
enum { ROUTE_UNKNOWN = 0, ROUTE_DIRECT = 2, ROUTE_HOST = 4, ROUTE_EXACT = 8 };
_Static_assert((ROUTE_DIRECT & FORK_MARK_BITS) != 0 &&
                   !((ROUTE_HOST | ROUTE_EXACT) & FORK_MARK_BITS),
               "one test tells that the route is direct, and that this is no new child");

/* ---- sampling ---- */

static inline void sample_new(struct arena_state *s, const void *p, size_t osize, size_t nsize)
{
    if (unlikely((s->sample_left -= (int64_t)nsize) < 0))
        alloc_lua_new(s, p, osize, nsize);
}

static inline void sample_growth(struct arena_state *s, const void *p, size_t osize, size_t nsize)
{
    if (nsize > osize && unlikely((s->sample_left -= (int64_t)(nsize - osize)) < 0))
        alloc_lua_grown(s, p, nsize - osize);
}

/* ---- the host's allocator ---- */

static int readable(const void *address)
{
    int object = object_of(address);
    return object >= 0 && object == object_of((const char *)address + 15);
}

/* The last allocator that was found to be plain; 0: none. */
static _Atomic uint64_t plain_alloc_known;

void heap_forget(uint64_t lo, uint64_t hi)
{
    uint64_t known = atomic_load_explicit(&plain_alloc_known, memory_order_relaxed);
    if (known >= lo && known < hi)
        atomic_store_explicit(&plain_alloc_known, 0, memory_order_relaxed);
}

int heap_host_known_plain(const struct arena_state *s)
{
    return s->host_alloc == atomic_load_explicit(&plain_alloc_known, memory_order_relaxed);
}

int heap_host_is_plain(const struct arena_state *s)
{
    const struct plain_alloc_targets t = {cheap_realloc_entry, cheap_free_entry, readable};
    if (!t.realloc || !t.free || !plain_alloc_is((const void *)(uintptr_t)s->host_alloc, &t))
        return 0;
    atomic_store_explicit(&plain_alloc_known, s->host_alloc, memory_order_relaxed);
    return 1;
}

/* ---- through it ---- */

static HOT void *host_free(struct arena_state *s, void *ptr, size_t osize)
{
    if (ptr != NULL) {
        heap_note_free(s, osize);
        s->host_n++;
        if (track_may_hold(TRACK_LUA, ptr))
            alloc_lua_gone(s, ptr);
    }
    void *p = heap_host_call(s, ptr, osize, 0);
    if (unlikely(s->route == ROUTE_UNKNOWN) && ptr != NULL)
        s->route = heap_host_is_plain(s) ? ROUTE_DIRECT : ROUTE_HOST;
    return p;
}

/* A request that Lua may go on with if it is refused. */
static inline void *host_ask(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    lua_frames_moved = ptr;
    s->host_n++;
    void *p = heap_host_call(s, ptr, osize, nsize);
    if (p == ptr || p == NULL)
        lua_frames_moved = NULL;
    if (unlikely(p == NULL))
        s->fail_n++;
    return p;
}

static HOT void *host_resize(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    struct alloc_moved m = {.n = 0};
    if (track_may_hold(TRACK_LUA, ptr))
        alloc_move_begin(TRACK_LUA, ptr, &m);
    void *p = host_ask(s, ptr, osize, nsize);
    if (m.n != 0)
        alloc_move_end(TRACK_LUA, p != NULL ? p : ptr, &m, osize, p != NULL ? nsize : osize);
    if (likely(p != NULL)) {
        heap_note_resize(s, osize, nsize);
        sample_growth(s, p, osize, nsize);
    }
    return p;
}

static HOT void *host_request(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    if (nsize == 0)
        return host_free(s, ptr, osize);
    if (ptr != NULL)
        return host_resize(s, ptr, osize, nsize);
    void *p = host_ask(s, NULL, osize, nsize);
    if (likely(p != NULL)) {
        heap_note_new(s, osize, nsize);
        sample_new(s, p, osize, nsize);
    }
    return p;
}

/* ---- straight to realloc and free, as the host's allocator would ---- */

static inline void *direct_ask(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    lua_frames_moved = ptr;
    void *p = real.realloc(ptr, nsize);
    if (p == ptr || p == NULL)
        lua_frames_moved = NULL;
    if (unlikely(p == NULL))
        s->fail_n++;
    else
        heap_note_resize(s, osize, nsize);
    return p;
}

/* A block that is, or may be, followed to its release. */
static COLD void *direct_resize_followed(struct arena_state *s, void *ptr, size_t osize,
                                         size_t nsize)
{
    struct alloc_moved m;
    alloc_move_begin(TRACK_LUA, ptr, &m);
    void *p = direct_ask(s, ptr, osize, nsize);
    alloc_move_end(TRACK_LUA, p != NULL ? p : ptr, &m, osize, p != NULL ? nsize : osize);
    if (p != NULL)
        sample_growth(s, p, osize, nsize);
    return p;
}

static HOT void *direct_resize(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    if (track_may_hold(TRACK_LUA, ptr))
        return direct_resize_followed(s, ptr, osize, nsize);
    void *p = direct_ask(s, ptr, osize, nsize);
    if (likely(p != NULL))
        sample_growth(s, p, osize, nsize);
    return p;
}

static COLD void *direct_refused(struct arena_state *s)
{
    s->fail_n++;
    return NULL;
}

static COLD void *direct_sampled(struct arena_state *s, void *p, size_t osize, size_t nsize)
{
    alloc_lua_new(s, p, osize, nsize);
    return p;
}

static COLD void *direct_free_followed(struct arena_state *s, void *ptr)
{
    alloc_lua_gone(s, ptr);
    real.free(ptr);
    return NULL;
}

/* These two take what heap_alloc got where it is, so that nothing is moved on the way; what is rare they leave to functions in
 * their own place, so that few registers need to be saved. */
static HOT_AS_IS void *direct_new(void *ud, void *ptr, size_t osize, size_t nsize,
                                  struct arena_state *s)
{
    (void)ud;
    (void)ptr;              /* NULL */
    s->asked_osize = osize; /* meanwhile not in registers, which would have to be saved */
    s->asked_nsize = nsize;
    lua_frames_moved = NULL;
    void *p = real.malloc(nsize); /* what realloc(NULL, nsize) is, by the standard */
    if (unlikely(p == NULL))
        return direct_refused(s);
    heap_note_new(s, s->asked_osize, s->asked_nsize);
    if (unlikely((s->sample_left -= (int64_t)s->asked_nsize) < 0))
        return direct_sampled(s, p, s->asked_osize, s->asked_nsize);
    return p;
}

static HOT_AS_IS void *direct_free(void *ud, void *ptr, size_t osize, size_t nsize,
                                   struct arena_state *s)
{
    (void)ud;
    (void)nsize; /* 0 */
    heap_note_free(s, osize);
    if (track_may_hold(TRACK_LUA, ptr))
        return direct_free_followed(s, ptr);
    real.free(ptr);
    return NULL;
}

/* Counted for no state: nothing is known of the one that is there again. */
COLD void *heap_ended_request(struct state_handle *h, void *ptr, size_t osize, size_t nsize)
{
    if (!h->came_back) {
        h->came_back = 1;
        loss_count(LOSS_STATES_BACK, 1);
    }
    return ((lua_Alloc)(uintptr_t)h->host_alloc)((void *)(uintptr_t)h->host_ud, ptr, osize, nsize);
}

static inline void *direct_request(void *ud, void *ptr, size_t osize, size_t nsize,
                                   struct arena_state *s)
{
    if (ptr == NULL) /* Lua often frees the array part that a table never had */
        return nsize != 0 ? direct_new(ud, ptr, osize, nsize, s) : NULL;
    return nsize != 0 ? direct_resize(s, ptr, osize, nsize) : direct_free(ud, ptr, osize, nsize, s);
}

static HOT void *other_request(struct arena_state *s, void *ud, void *ptr, size_t osize,
                               size_t nsize)
{
    fork_mark_look();
    if (unlikely(s == &state_ended))
        return heap_ended_request(ud, ptr, osize, nsize);
    if (s->route == ROUTE_EXACT)
        return heap_exact_alloc(ud, ptr, osize, nsize);
    return s->route == ROUTE_DIRECT ? direct_request(ud, ptr, osize, nsize, s)
                                    : host_request(s, ptr, osize, nsize);
}

/* What is rare is done in the place of this frame, which so needs none. */
HOT void *heap_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct arena_state *s = heap_state_now(ud);
    return likely(fork_mark_and(s->route)) ? direct_request(ud, ptr, osize, nsize, s)
                                           : other_request(s, ud, ptr, osize, nsize);
}

/* ---- states ---- */

/* Through the original, so it holds for every copy and needs no layout.  A copy that lacks the
 * function has no wrapped states: the group is redirected whole or not at all. */
static struct state_handle *handle_of(const struct lua_copy *c, lua_State *L)
{
    void *ud;
    if (unlikely(c->api.lua_getallocf == NULL))
        return NULL;
    lua_Alloc f = c->api.lua_getallocf(L, &ud);
    return f == heap_alloc || f == heap_exact_alloc ? ud : NULL;
}

struct arena_state *heap_state(struct lua_copy *c, lua_State *L)
{
    const struct state_handle *h = handle_of(c, L);
    struct arena_state *s = h != NULL ? heap_state_now(h) : &state_ended;
    return s != &state_ended ? s : NULL;
}

lua_Alloc heap_allocator(const struct arena_state *s)
{
    return s->route == ROUTE_EXACT ? heap_exact_alloc : heap_alloc;
}

/* What is known once the state exists. */
static void state_created(struct arena_state *s, struct lua_copy *c, lua_State *L)
{
    if (c->layout.verified)
        memcpy(&s->global_state, (const char *)L + c->layout.state_global, sizeof s->global_state);
    s->create_ns = now_ns() - s->created_ns;
    if (s->route == ROUTE_EXACT)
        alloc_exact_made(s);
    heap_dropped_watch(s, L);
}

void heap_state_ended(struct arena_state *s, uint64_t now)
{
    s->closed_ns = now;
    slot_get()->lua_calls_n += snapshot_direct_n(s);
    s->host_n += snapshot_direct_n(s);
    state_handle_end(s);
    state_slot_close(s);
}

static void state_closed(struct arena_state *s)
{
    uint64_t now = now_ns();
    heap_state_ended(s, now);
    writer_tick(now);
}

/* A state that could not be made stands in the trace with its refused requests. */
static COLD void state_refused(struct arena_state *s)
{
    s->create_ns = now_ns() - s->created_ns;
    state_closed(s);
}

/* Whose allocator is not known yet, or was changed. */
static void route_begin(struct arena_state *s)
{
    if (alloc_is_exact(s)) {
        s->route = ROUTE_EXACT;
        heap_exact_begin(s);
    } else {
        s->route = heap_host_known_plain(s) ? ROUTE_DIRECT : ROUTE_UNKNOWN;
    }
}

static lua_State *state_new(struct lua_copy *c, struct arena_state *s, lua_Alloc f, void *ud)
{
    s->host_alloc = (uintptr_t)f;
    s->host_ud = (uintptr_t)ud;
    s->copy = (uint16_t)c->id;
    s->tid = slot_get()->owner_tid;
    s->created_ns = now_ns();
    alloc_state_new(s, c);
    route_begin(s);
    lua_State *L = c->api.lua_newstate(heap_allocator(s), state_handle_new(s));
    if (L == NULL) {
        state_refused(s);
        return NULL;
    }
    state_created(s, c, L);
    collections_begin(s, c);
    marks_state(c, L);
    return L;
}

lua_State *hook_lua_newstate(lua_Alloc f, void *ud)
{
    struct lua_copy *c = copy_current();
    if (arena == NULL || f == NULL)
        return c->api.lua_newstate(f, ud);
    milestone_note(MILESTONE_STATE, now_ns(), 0);
    c->has_states = 1;
    layout_verify(c);
    sampler_copy(c);
    slot_get();
    heap_dropped_make_room();
    struct arena_state *s = state_slot_new();
    return s ? state_new(c, s, f, ud) : c->api.lua_newstate(f, ud);
}

/* Lua counts its bytes itself, in memory that the host may have put back as it was some time ago: then ours went on. */
static void check_count(const struct arena_state *s, const struct lua_copy *c, lua_State *L)
{
    if (c->api.lua_gc == NULL)
        return;
    int kib = c->api.lua_gc(L, LUA_GCCOUNT), rest = c->api.lua_gc(L, LUA_GCCOUNTB);
    if (kib >= 0 && kib < INT_MAX && (uint64_t)kib * 1024 + (uint64_t)rest != s->live_bytes)
        loss_count(LOSS_STATES_REWOUND, 1);
}

void hook_lua_close(lua_State *L)
{
    struct lua_copy *c = copy_current();
    struct arena_state *s = heap_state(c, L);
    if (s == NULL) {
        c->api.lua_close(L);
        return;
    }
    heap_dropped_unwatch(s);
    check_count(s, c, L);
    s->close_live_bytes = s->live_bytes;
    alloc_state_close(s);
    c->api.lua_close(L);
    state_closed(s);
}

lua_Alloc hook_lua_getallocf(lua_State *L, void **ud)
{
    struct lua_copy *c = copy_current();
    const struct state_handle *h = handle_of(c, L);
    if (h == NULL)
        return c->api.lua_getallocf(L, ud);
    const struct arena_state *s = heap_state_now(h);
    int ended = s == &state_ended;
    if (ud != NULL)
        *ud = (void *)(uintptr_t)(ended ? h->host_ud : s->host_ud);
    return (lua_Alloc)(uintptr_t)(ended ? h->host_alloc : s->host_alloc);
}

void hook_lua_setallocf(lua_State *L, lua_Alloc f, void *ud)
{
    struct lua_copy *c = copy_current();
    struct arena_state *s = heap_state(c, L);
    if (s == NULL) { /* one that is there again keeps no wrapper */
        c->api.lua_setallocf(L, f, ud);
        return;
    }
    s->host_alloc = (uintptr_t)f;
    s->host_ud = (uintptr_t)ud;
    route_begin(s);
    s->setallocf_n++;
}
