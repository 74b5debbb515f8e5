/* Lua's allocator wrapped: what is counted, what the host sees. */
/* SOURCES: shim/fork_mark.c shim/hooks/heap.c shim/hooks/heap_exact.c shim/hooks/alloc_tag.c shim/hooks/alloc_track.c shim/record/state_handle.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/attach/arch/x86_64/plain_alloc.h"
#include "shim/attach/hooks.h"
#include "shim/hooks/cheap.h"
#include "shim/hooks/collections.h"
#include "shim/hooks/heap.h"
#include "shim/hooks/heap_dropped.h"
#include "shim/hooks/marks.h"
#include "arena/snapshot.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/sampler/sampler.h"
#include "tests/unit/fake_exact.h"

/* ---- the recording side ---- */

struct arena *arena;
struct real real;
struct config config;
SHIM_TLS struct lua_copy *copy_now;
static struct arena_thread thread;
SHIM_TLS struct arena_thread *slot_now = &thread;
const void *cheap_realloc_entry, *cheap_free_entry;
SHIM_TLS const void *lua_frames_moved;
void sampler_copy(struct lua_copy *c)
{
    (void)c;
}

void collections_begin(struct arena_state *s, const struct lua_copy *c)
{
    (void)s;
    (void)c;
}

static int watched_n, unwatched_n;
void heap_dropped_watch(struct arena_state *s, const lua_State *L)
{
    (void)s;
    assert_non_null(L);
    watched_n++;
}

void heap_dropped_unwatch(struct arena_state *s)
{
    (void)s;
    unwatched_n++;
}

void heap_dropped_make_room(void)
{
}

void heap_dropped_block(uint32_t owner)
{
    fail_msg("block of %u", owner);
}

void marks_state(struct lua_copy *c, lua_State *L)
{
    (void)c;
    (void)L;
}

static uint64_t lost_n, put_back_n;
void loss_count(enum loss what, uint64_t n)
{
    assert_true(what == LOSS_TRACK_FULL || what == LOSS_STATES_BACK || what == LOSS_STATES_REWOUND);
    *(what == LOSS_TRACK_FULL ? &lost_n : &put_back_n) += n;
}

static struct arena the_arena;
#define slot (the_arena.states[0])
static struct state_handle held = {.state = &slot};
static struct arena_state closed;
static int slots_left, closed_n, verified_n, proofs_n, proof;
static uint64_t state_milestone_ns;

struct arena_thread *slot_get(void)
{
    return slot_now;
}

int object_of(const void *p)
{
    return p ? 1 : -1;
}

struct arena_state *state_slot_new(void)
{
    if (slots_left == 0)
        return NULL;
    slots_left--;
    memset(&slot, 0, sizeof slot);
    slot.in_use = 1;
    slot.id = 1;
    return &slot;
}

void state_slot_close(struct arena_state *s)
{
    closed = *s;
    closed_n++;
}

void milestone_note(enum milestone what, uint64_t at, uint32_t name)
{
    (void)name;
    if (what == MILESTONE_STATE && state_milestone_ns == 0)
        state_milestone_ns = at;
}

void writer_tick(uint64_t now)
{
    (void)now;
}

void layout_verify(struct lua_copy *c)
{
    verified_n++;
    c->layout.tried = 1;
    c->layout.verified = 1;
    c->layout.state_global = sizeof(void *);
}

int plain_alloc_is(const void *f, const struct plain_alloc_targets *t)
{
    assert_non_null(f);
    assert_ptr_equal(t->realloc, cheap_realloc_entry);
    proofs_n++;
    return proof;
}

/* ---- a Lua of sorts ---- */

enum { STATE_BYTES = 1000 };
struct lua_State {
    lua_Alloc f;
    void *global;
    void *ud;
};

static lua_State *lua_newstate_original(lua_Alloc f, void *ud)
{
    lua_State *L = f(ud, NULL, LUA_TTHREAD, STATE_BYTES);
    if (L == NULL)
        return NULL;
    *L = (lua_State){f, &slot, ud};
    return L;
}

static void lua_close_original(lua_State *L)
{
    L->f(L->ud, L, STATE_BYTES, 0);
}

static lua_Alloc lua_getallocf_original(lua_State *L, void **ud)
{
    if (ud)
        *ud = L->ud;
    return L->f;
}

static void lua_setallocf_original(lua_State *L, lua_Alloc f, void *ud)
{
    L->f = f;
    L->ud = ud;
}

static struct lua_copy copy;

/* ---- the host ---- */

/* Notes what it was asked, and whether the shim knew that it was running. */
static struct {
    int calls_n, refuse;
    void *ud, *ptr;
    size_t osize, nsize;
    uintptr_t inside;
} host;

static void *host_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    host.calls_n++;
    host.ud = ud;
    host.ptr = ptr;
    host.osize = osize;
    host.nsize = nsize;
    host.inside = heap_inside;
    if (nsize == 0) {
        free(ptr);
        return NULL;
    }
    return host.refuse ? NULL : realloc(ptr, nsize);
}

static void *other_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    return host_alloc(ud, ptr, osize, nsize);
}

static int host_ud;

static int set_up(void **state)
{
    (void)state;
    memset(&copy, 0, sizeof copy);
    memset(&host, 0, sizeof host);
    memset(&slot, 0, sizeof slot);
    memset(&thread, 0, sizeof thread);
    copy.id = 3;
    copy.api.lua_newstate = lua_newstate_original;
    copy.api.lua_close = lua_close_original;
    copy.api.lua_getallocf = lua_getallocf_original;
    copy.api.lua_setallocf = lua_setallocf_original;
    copy_now = &copy;
    arena = &the_arena; /* not dormant */
    real.malloc = malloc;
    real.realloc = realloc;
    real.free = free;
    cheap_realloc_entry = "realloc";
    cheap_free_entry = "free";
    thread.owner_tid = 11;
    slots_left = 1;
    closed_n = verified_n = proofs_n = proof = 0;
    heap_forget(0, UINT64_MAX);
    state_milestone_ns = lost_n = put_back_n = 0;
    memset(&config, 0, sizeof config);
    memset(&fake_alloc, 0, sizeof fake_alloc);
    return 0;
}

static lua_State *open_state(void)
{
    lua_State *L = hook_lua_newstate(host_alloc, &host_ud);
    assert_non_null(L);
    return L;
}

/* ---- sampling ---- */

static void follow(const void *p)
{
    struct tracked t = {.site = 1, .n = 1, .bytes = 10};
    assert_int_equal(track_add(TRACK_LUA, p, &t), 0);
}

/* Both routes: PLAIN 1 the direct one. */
static void check_samples(int plain)
{
    set_up(NULL);
    proof = plain;
    lua_State *L = open_state();
    heap_alloc(&held, heap_alloc(&held, NULL, 0, 8), 8, 0); /* the route is found */
    slot.sample_left = 100;
    void *p = heap_alloc(&held, NULL, LUA_TTABLE, 60);
    assert_int_equal(fake_alloc.new_n, 0);
    void *q = heap_alloc(&held, NULL, LUA_TTABLE, 41);
    assert_int_equal(fake_alloc.new_n, 1);
    assert_ptr_equal(fake_alloc.block, q);
    assert_int_equal(fake_alloc.kind, LUA_TTABLE);
    assert_int_equal(fake_alloc.bytes, 41);
    slot.sample_left = 100;
    q = heap_alloc(&held, q, 41, 10); /* smaller: nothing */
    p = heap_alloc(&held, p, 60, 161);
    assert_int_equal(fake_alloc.grown_n, 1);
    assert_ptr_equal(fake_alloc.block, p);
    assert_int_equal(fake_alloc.bytes, 101);
    heap_alloc(&held, p, 161, 0);
    heap_alloc(&held, q, 10, 0);
    hook_lua_close(L);
}

static void the_block_in_which_the_countdown_ends_is_a_sample(void **state)
{
    (void)state;
    check_samples(0);
    check_samples(1);
}

static void check_followed(int plain)
{
    set_up(NULL);
    proof = plain;
    lua_State *L = open_state();
    heap_alloc(&held, heap_alloc(&held, NULL, 0, 8), 8, 0);
    void *p = heap_alloc(&held, NULL, 0, 60);
    follow(p);
    p = heap_alloc(&held, p, 60, 100000);
    assert_int_equal(fake_alloc.moved_n, 1);
    assert_ptr_equal(fake_alloc.block, p);
    assert_int_equal(fake_alloc.before, 60);
    assert_int_equal(fake_alloc.after, 100000);
    heap_alloc(&held, p, 100000, 0);
    assert_int_equal(fake_alloc.gone_n, 1);
    assert_ptr_equal(fake_alloc.block, p);
    hook_lua_close(L);
}

static void a_followed_block_is_followed_through_resizes_to_its_release(void **state)
{
    (void)state;
    check_followed(0);
    check_followed(1);
}

static void a_refused_resize_leaves_the_followed_block_where_it_is(void **state)
{
    (void)state;
    lua_State *L = open_state();
    void *p = heap_alloc(&held, NULL, 0, 60);
    follow(p);
    host.refuse = 1;
    assert_null(heap_alloc(&held, p, 60, 100));
    assert_ptr_equal(fake_alloc.block, p);
    assert_int_equal(fake_alloc.after, 60);
    host.refuse = 0;
    heap_alloc(&held, p, 60, 0);
    assert_int_equal(fake_alloc.gone_n, 1);
    hook_lua_close(L);
}

/* ---- exact ---- */

static lua_State *open_exact(int plain)
{
    set_up(NULL);
    fake_alloc.exact = 1;
    proof = plain;
    return open_state(); /* site 1 */
}

/* Asks for a block of N bytes, fills it up to its last one, and gives its site to *SITE. */
static void *exact_block(size_t n, uint32_t *site)
{
    void *p = heap_alloc(&held, NULL, LUA_TSTRING, n);
    *site = (uint32_t)fake_alloc.new_n;
    assert_non_null(p);
    memset(p, 0xff, n);
    return p;
}

static void *exact_resize(void *p, size_t before, size_t after, uint32_t site)
{
    p = heap_alloc(&held, p, before, after);
    assert_non_null(p);
    assert_int_equal(fake_alloc.site, site);
    assert_int_equal(fake_alloc.before, before);
    assert_int_equal(fake_alloc.after, after);
    memset(p, 0xff, after);
    return p;
}

static void exact_free(void *p, size_t n, uint32_t site)
{
    int before = fake_alloc.gone_n;
    assert_null(heap_alloc(&held, p, n, 0));
    assert_int_equal(fake_alloc.gone_n, before + 1);
    assert_int_equal(fake_alloc.site, site);
    assert_int_equal(fake_alloc.bytes, n);
}

/* A block that comes and goes; at the first one the host's allocator is looked at. */
static void exact_pass(void)
{
    uint32_t site;
    void *p = exact_block(8, &site);
    exact_free(p, 8, site);
}

static void check_exact(int plain)
{
    uint32_t a, b, c, d;
    lua_State *L = open_exact(plain);
    void *p = exact_block(24, &a), *q = exact_block(40, &b);
    exact_free(q, 40, b); /* the host's allocator is looked at */
    assert_int_equal(slot.tagging, plain);
    void *r = exact_block(24, &c), *t = exact_block(1, &d);
    p = exact_resize(p, 24, 5000, a);
    r = exact_resize(r, 24, 25, c);
    t = exact_resize(t, 1, 100000, d);
    p = exact_resize(p, 5000, 7, a);
    t = exact_resize(t, 100000, 2, d);
    exact_free(r, 25, c);
    exact_free(p, 7, a);
    exact_free(t, 2, d);
    assert_null(heap_alloc(&held, NULL, 0, 0));
    hook_lua_close(L);
    assert_int_equal(fake_alloc.site, 1);
    assert_int_equal(closed.live_bytes, 0);
    assert_int_equal(lost_n, 0);
}

static void an_exact_block_keeps_its_site_to_its_release(void **state)
{
    (void)state;
    check_exact(0);
    check_exact(1);
}

static void an_exact_host_sees_what_lua_asks_for_and_no_more(void **state)
{
    (void)state;
    uint32_t a;
    lua_State *L = open_exact(0);
    exact_pass();
    void *p = exact_block(24, &a);
    assert_int_equal(host.nsize, 24);
    p = exact_resize(p, 24, 50, a);
    assert_int_equal(host.osize, 24);
    assert_int_equal(host.nsize, 50);
    exact_free(p, 50, a);
    assert_int_equal(host.osize, 50);
    hook_lua_close(L);

    L = open_exact(1);
    config.alloc.no_tag = 1;
    exact_pass();
    int before = host.calls_n;
    exact_pass();
    assert_int_equal(host.calls_n, before + 2);
    assert_int_equal(slot.tagging, 0);
    hook_lua_close(L);
}

static void exact_blocks_survive_changes_of_the_allocator(void **state)
{
    (void)state;
    uint32_t site[5];
    void *p[5];
    lua_State *L = open_exact(1);
    p[0] = exact_block(24, &site[0]); /* in the table */
    exact_pass();
    p[1] = exact_block(24, &site[1]); /* tagged */
    p[2] = exact_block(24, &site[2]);
    proof = 0;
    hook_lua_setallocf(L, other_alloc, NULL);
    p[3] = exact_block(24, &site[3]); /* in the table */
    assert_int_equal(host.nsize, 24);
    p[1] = exact_resize(p[1], 24, 400, site[1]); /* from its tag into the table */
    assert_int_equal(host.nsize, 400);
    host.refuse = 1;
    assert_null(heap_alloc(&held, p[2], 24, 100));
    assert_null(heap_alloc(&held, p[3], 24, 100));
    host.refuse = 0;
    exact_pass();
    assert_int_equal(slot.tagging, 0);
    hook_lua_setallocf(L, host_alloc, NULL); /* which is known to be plain */
    assert_int_equal(slot.tagging, 1);
    p[4] = exact_block(24, &site[4]);
    p[3] = exact_resize(p[3], 24, 30, site[3]); /* from the table to a tag */
    hook_lua_setallocf(L, other_alloc, NULL);
    exact_free(p[0], 24, site[0]);
    exact_free(p[1], 400, site[1]);
    exact_free(p[2], 24, site[2]);
    exact_free(p[3], 30, site[3]);
    exact_free(p[4], 24, site[4]);
    hook_lua_close(L);
    assert_int_equal(lost_n, 0);
}

static void a_tag_that_the_host_wrote_over_is_no_site_and_counts_as_lost(void **state)
{
    (void)state;
    uint32_t a;
    lua_State *L = open_exact(1);
    exact_pass();
    char *p = exact_block(24, &a);
    memset(p, 0, 28);
    exact_free(p, 24, 0);
    assert_int_equal(lost_n, 1);
    hook_lua_close(L);
}

static void a_block_with_no_room_for_its_tag_is_refused(void **state)
{
    (void)state;
    lua_State *L = open_exact(1);
    exact_pass();
    assert_null(heap_alloc(&held, NULL, 0, SIZE_MAX));
    assert_null(heap_alloc(&held, NULL, 0, SIZE_MAX - 3));
    assert_null(heap_alloc(&held, NULL, 0, PTRDIFF_MAX));
    assert_int_equal(slot.fail_n, 3);
    hook_lua_close(L);
}

/* A block that is neither in the table nor tagged: what is behind it is not ours. */
static void once_a_block_found_no_room_no_tag_is_believed(void **state)
{
    (void)state;
    enum { MORE = 80000 };
    static void *p[MORE];
    uint32_t a, b;
    lua_State *L = open_exact(1);
    exact_pass();
    void *tagged = exact_block(24, &a);
    proof = 0;
    hook_lua_setallocf(L, other_alloc, NULL);
    for (int i = 0; i < MORE; i++)
        p[i] = exact_block(24, &b);
    assert_int_not_equal(lost_n, 0);
    exact_free(tagged, 24, 0);
    uint64_t charged = 0;
    for (int i = 0; i < MORE; i++) {
        heap_alloc(&held, p[i], 24, 0);
        charged += fake_alloc.site != 0;
    }
    assert_int_equal(charged + lost_n, MORE);
    hook_lua_setallocf(L, host_alloc, NULL);
    assert_int_equal(slot.tagging, 0);
    hook_lua_close(L);
}

/* ---- states ---- */

static void a_state_gets_the_wrapper_and_is_described(void **state)
{
    (void)state;
    lua_State *L = open_state();
    assert_ptr_equal(L->f, heap_alloc);
    assert_ptr_equal(heap_state(&copy, L), &slot);
    assert_int_equal(slot.copy, 3);
    assert_int_not_equal(slot.tid, 0);
    assert_int_equal(slot.global_state, (uintptr_t)L->global);
    assert_true(state_milestone_ns != 0 && state_milestone_ns <= slot.created_ns);
    assert_int_equal(verified_n, 1);
    hook_lua_close(L);
}

static void no_state_is_made_before_structures_are_verified(void **state)
{
    (void)state;
    lua_State *L = open_state();
    hook_lua_close(L);
    slots_left = 1;
    hook_lua_close(open_state());
    assert_int_equal(verified_n, 2); /* asked each time: another thread may still be at it */
}

static void close_notes_what_was_alive_and_what_stayed(void **state)
{
    (void)state;
    lua_State *L = open_state();
    void *leaked = L->f(L->ud, NULL, LUA_TSTRING, 24);
    hook_lua_close(L);
    assert_int_equal(closed_n, 1);
    assert_int_equal(closed.close_live_bytes, STATE_BYTES + 24);
    assert_int_equal(closed.live_bytes, 24);
    assert_true(closed.closed_ns >= closed.created_ns);
    free(leaked);
}

/* Its arena was copied away, another state ran there, and it was put back. */
static void check_comes_back(int exact)
{
    set_up(NULL);
    fake_alloc.exact = exact;
    int other_ud;
    lua_State *L = open_state();
    heap_state_ended(&slot, 1);
    assert_null(heap_state(&copy, L));
    slots_left = 1;
    lua_State *M = hook_lua_newstate(host_alloc, &other_ud);
    uint64_t live = slot.live_bytes;
    assert_ptr_not_equal(L->ud, M->ud);
    void *ud, *p = L->f(L->ud, NULL, LUA_TTABLE, 56);
    assert_ptr_equal(host.ud, &host_ud);
    p = L->f(L->ud, p, 56, 80);
    assert_ptr_equal(host.ud, &host_ud);
    assert_null(L->f(L->ud, p, 80, 0));
    assert_ptr_equal(host.ud, &host_ud);
    assert_int_equal(slot.live_bytes, live);
    assert_int_equal(put_back_n, 1); /* the state, not its requests */
    assert_ptr_equal(hook_lua_getallocf(L, &ud), host_alloc);
    assert_ptr_equal(ud, &host_ud);
    hook_lua_setallocf(L, other_alloc, NULL);
    assert_ptr_equal(L->f, other_alloc);
    hook_lua_close(L);
    assert_ptr_equal(heap_state(&copy, M), &slot);
    hook_lua_close(M);
    assert_ptr_equal(host.ud, &other_ud);
    assert_int_equal(closed.close_live_bytes, live);
}

static void a_state_that_is_there_again_reaches_its_own_allocator(void **state)
{
    (void)state;
    check_comes_back(0);
    check_comes_back(1);
}

static void of_states_made_later_none_is_taken_for_one_that_has_ended(void **state)
{
    (void)state;
    void *first = NULL;
    for (int i = 0; i < 60000; i++) {
        slots_left = 1;
        lua_State *L = open_state();
        assert_true(i == 0 || L->ud != first);
        first = i == 0 ? L->ud : first;
        hook_lua_close(L);
    }
}

static int own_count;
static int lua_gc_original(lua_State *L, int what, ...)
{
    (void)L;
    if (own_count < 0)
        return -1;
    return what == LUA_GCCOUNT ? own_count / 1024 : own_count % 1024;
}

static void a_state_that_holds_less_than_was_counted_was_put_back(void **state)
{
    (void)state;
    copy.api.lua_gc = lua_gc_original;
    own_count = STATE_BYTES;
    hook_lua_close(open_state());
    assert_int_equal(put_back_n, 0);
    slots_left = 1;
    own_count = STATE_BYTES - 16;
    hook_lua_close(open_state());
    assert_int_equal(put_back_n, 1);
    own_count = -1; /* asked within a collection */
    slots_left = 1;
    hook_lua_close(open_state());
    assert_int_equal(put_back_n, 1);
}

static void a_refused_state_is_null_and_leaves_nothing_open(void **state)
{
    (void)state;
    host.refuse = 1;
    assert_null(hook_lua_newstate(host_alloc, &host_ud));
    assert_int_equal(closed_n, 1);
    assert_int_equal(closed.fail_n, 1);
    assert_int_equal(closed.live_bytes, 0);
    assert_int_equal(closed.peak_bytes, 0);
}

static void without_a_slot_or_an_arena_the_host_is_passed_through(void **state)
{
    (void)state;
    slots_left = 0;
    lua_State *L = hook_lua_newstate(host_alloc, &host_ud);
    assert_ptr_equal(L->f, host_alloc);
    assert_null(heap_state(&copy, L));
    void *ud;
    assert_ptr_equal(hook_lua_getallocf(L, &ud), host_alloc);
    assert_ptr_equal(ud, &host_ud);
    hook_lua_setallocf(L, other_alloc, NULL);
    assert_ptr_equal(L->f, other_alloc);
    hook_lua_close(L);

    arena = NULL;
    slots_left = 1;
    L = hook_lua_newstate(host_alloc, &host_ud);
    assert_ptr_equal(L->f, host_alloc);
    hook_lua_close(L);
    assert_int_equal(closed_n, 0);
}

static void the_host_gets_its_own_pair_back(void **state)
{
    (void)state;
    lua_State *L = open_state();
    void *ud = NULL;
    assert_ptr_equal(hook_lua_getallocf(L, &ud), host_alloc);
    assert_ptr_equal(ud, &host_ud);
    assert_ptr_equal(hook_lua_getallocf(L, NULL), host_alloc);
    int other_ud;
    hook_lua_setallocf(L, other_alloc, &other_ud);
    assert_ptr_equal(L->f, heap_alloc);
    assert_ptr_equal(hook_lua_getallocf(L, &ud), other_alloc);
    assert_ptr_equal(ud, &other_ud);
    assert_int_equal(slot.setallocf_n, 1);
    free(L->f(L->ud, NULL, 0, 8));
    assert_ptr_equal(host.ud, &other_ud);
    hook_lua_close(L);
}

/* ---- requests ---- */

static void requests_reach_the_host_as_they_came(void **state)
{
    (void)state;
    lua_State *L = open_state();
    void *p = L->f(L->ud, NULL, LUA_TTABLE, 56);
    assert_non_null(p);
    assert_ptr_equal(host.ud, &host_ud);
    assert_null(host.ptr);
    assert_int_equal(host.osize, LUA_TTABLE);
    assert_int_equal(host.nsize, 56);
    void *q = L->f(L->ud, p, 56, 4000);
    assert_ptr_equal(host.ptr, p);
    assert_int_equal(host.osize, 56);
    assert_int_equal(host.nsize, 4000);
    assert_null(L->f(L->ud, q, 4000, 0));
    assert_ptr_equal(host.ptr, q);
    assert_int_equal(host.osize, 4000);
    assert_int_equal(host.nsize, 0);
    assert_int_equal(host.calls_n, 4);
    hook_lua_close(L);
}

static void the_host_s_allocator_runs_inside_and_nothing_else_does(void **state)
{
    (void)state;
    lua_State *L = open_state();
    assert_int_not_equal(host.inside, 0);
    assert_int_equal(heap_inside, 0);
    hook_lua_close(L);
    assert_int_equal(heap_inside, 0);
}

static void blocks_count_by_kind_and_odd_kinds_as_other(void **state)
{
    (void)state;
    lua_State *L = open_state();
    static const size_t tags[] = {0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 64, SIZE_MAX};
    void *blocks[13];
    for (int i = 0; i < 13; i++)
        blocks[i] = L->f(L->ud, NULL, tags[i], 32);
    for (unsigned kind = 1; kind < ALLOC_KIND_N; kind++)
        assert_int_equal(slot.kind_n[kind], (kind >= 4 && kind <= 10) + (kind == 8));
    assert_int_equal(slot.kind_n[ALLOC_OTHER], 6);
    assert_int_equal(slot.kind_bytes[ALLOC_OTHER], 6 * 32);
    assert_int_equal(slot.kind_bytes[ALLOC_THREAD], STATE_BYTES + 32);
    for (int i = 0; i < 13; i++)
        L->f(L->ud, blocks[i], 32, 0);
    hook_lua_close(L);
    assert_int_equal(closed.live_bytes, 0);
}

static void size_classes_end_where_they_are_said_to_end(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        unsigned class;
    } cases[] = {{1, 1},     {16, 1},    {17, 2},    {112, 7},      {113, 8},           {128, 8},
                 {129, 9},   {256, 9},   {257, 10},  {512, 10},     {513, 11},          {1024, 11},
                 {1025, 12}, {2048, 12}, {2049, 13}, {1 << 20, 21}, {(1 << 20) + 1, 22}};
    lua_State *L = open_state();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t before = slot.class_alloc_n[cases[i].class];
        void *p = L->f(L->ud, NULL, 0, cases[i].n);
        assert_int_equal(slot.class_alloc_n[cases[i].class], before + 1);
        before = slot.class_free_n[cases[i].class];
        L->f(L->ud, p, cases[i].n, 0);
        assert_int_equal(slot.class_free_n[cases[i].class], before + 1);
    }
    host.refuse = 1; /* as large as sizes get: the last class, no further */
    assert_null(L->f(L->ud, NULL, 0, SIZE_MAX));
    host.refuse = 0;
    void *p = L->f(L->ud, NULL, 0, 1);
    L->f(L->ud, p, SIZE_MAX / 2, 0); /* said to be huge */
    assert_int_equal(slot.class_free_n[SIZE_CLASS_N - 1], 1);
    hook_lua_close(L);
}

static void resizes_move_between_classes(void **state)
{
    (void)state;
    lua_State *L = open_state();
    memset(slot.class_alloc_n, 0, sizeof slot.class_alloc_n);
    void *p = L->f(L->ud, NULL, 0, 16);
    p = L->f(L->ud, p, 16, 100);
    p = L->f(L->ud, p, 100, 97); /* same class */
    p = L->f(L->ud, p, 97, 40);
    assert_int_equal(slot.realloc_n, 3);
    assert_int_equal(slot.grow_bytes, 84);
    assert_int_equal(slot.shrink_bytes, 3 + 57);
    assert_int_equal(slot.class_alloc_n[1], 1);
    assert_int_equal(slot.class_free_n[1], 1);
    assert_int_equal(slot.class_alloc_n[7], 1);
    assert_int_equal(slot.class_free_n[7], 1);
    assert_int_equal(slot.class_alloc_n[3], 1);
    L->f(L->ud, p, 40, 0);
    assert_int_equal(slot.class_free_n[3], 1);
    assert_int_equal(snapshot_free_bytes(&slot), 40);
    hook_lua_close(L);
}

static void a_refused_request_changes_nothing_but_its_count(void **state)
{
    (void)state;
    lua_State *L = open_state();
    void *p = L->f(L->ud, NULL, 0, 100);
    struct arena_state before = slot;
    host.refuse = 1;
    assert_null(L->f(L->ud, NULL, LUA_TSTRING, 5000));
    assert_null(L->f(L->ud, p, 100, 5000));
    assert_null(L->f(L->ud, p, 100, 50)); /* Lua can live with that, too */
    assert_int_equal(slot.fail_n, 3);
    assert_int_equal(slot.host_n - before.host_n, 3);
    slot.fail_n = 0;
    slot.host_n = before.host_n;
    assert_memory_equal(&slot, &before, sizeof slot);
    host.refuse = 0;
    L->f(L->ud, p, 100, 0);
    hook_lua_close(L);
}

static void live_and_peak_are_exact(void **state)
{
    (void)state;
    lua_State *L = open_state();
    assert_int_equal(slot.live_bytes, STATE_BYTES);
    void *p = L->f(L->ud, NULL, 0, 500);
    void *q = L->f(L->ud, NULL, 0, 30);
    L->f(L->ud, p, 500, 0);
    assert_int_equal(slot.live_bytes, STATE_BYTES + 30);
    assert_int_equal(slot.peak_bytes, STATE_BYTES + 530);
    q = L->f(L->ud, q, 30, 600);
    assert_int_equal(slot.peak_bytes, STATE_BYTES + 600);
    L->f(L->ud, q, 600, 0);
    assert_int_equal(slot.live_bytes, STATE_BYTES);
    L->f(L->ud, NULL, 0, 0); /* Lua frees nothing, often */
    assert_int_equal(slot.live_bytes, STATE_BYTES);
    assert_int_equal(slot.class_free_n[0], 0);
    hook_lua_close(L);
}

/* ---- the direct route ---- */

/* The first block that is given back: from then on both functions are known to be bound. */
static void free_one(lua_State *L)
{
    L->f(L->ud, L->f(L->ud, NULL, 0, 1), 1, 0);
}

static void an_unproven_allocator_is_always_asked(void **state)
{
    (void)state;
    lua_State *L = open_state();
    for (int i = 0; i < 100; i++)
        free_one(L);
    assert_int_equal(proofs_n, 1);
    assert_int_equal(host.calls_n, 201);
    assert_int_equal(snapshot_direct_n(&slot), 0);
    hook_lua_close(L);
}

static void a_proven_allocator_is_not_gone_through_and_counts_the_same(void **state)
{
    (void)state;
    proof = 1;
    lua_State *L = open_state();
    L->f(L->ud, NULL, 0, 0); /* frees nothing: tells nothing */
    assert_int_equal(proofs_n, 0);
    free_one(L);
    int calls_n = host.calls_n;
    void *p = L->f(L->ud, NULL, LUA_TSTRING, 40);
    p = L->f(L->ud, p, 40, 80);
    assert_int_equal(slot.live_bytes, STATE_BYTES + 80);
    assert_int_equal(slot.kind_n[ALLOC_STRING], 1);
    assert_int_equal(slot.grow_bytes, 40);
    assert_null(L->f(L->ud, p, 80, 0));
    assert_int_equal(snapshot_free_bytes(&slot), 81);
    assert_int_equal(slot.peak_bytes, STATE_BYTES + 80);
    assert_int_equal(host.calls_n, calls_n);
    assert_int_equal(snapshot_direct_n(&slot), 3);
    hook_lua_close(L);
    assert_int_equal(thread.lua_calls_n, 4); /* and the state's own block */
}

static void a_proven_allocator_is_known_to_later_states_until_its_code_goes(void **state)
{
    (void)state;
    proof = 1;
    lua_State *L = open_state();
    free_one(L);
    hook_lua_close(L);
    for (int gone = 0; gone < 2; gone++) {
        int calls_n = host.calls_n;
        uint64_t direct_n = thread.lua_calls_n;
        memset(&slot, 0, sizeof slot);
        slots_left = 1;
        L = open_state();
        assert_int_equal(host.calls_n > calls_n, gone);
        hook_lua_close(L);
        assert_int_equal(thread.lua_calls_n > direct_n, !gone);
        heap_forget((uintptr_t)slot.host_alloc, (uintptr_t)slot.host_alloc + 1);
    }
    assert_int_equal(proofs_n, 2);
}

static void *refusing_malloc(size_t n)
{
    (void)n;
    return NULL;
}

static void *refusing_realloc(void *p, size_t n)
{
    (void)p;
    (void)n;
    return NULL;
}

static void a_direct_request_can_be_refused(void **state)
{
    (void)state;
    proof = 1;
    lua_State *L = open_state();
    free_one(L);
    void *p = L->f(L->ud, NULL, 0, 10);
    real.malloc = refusing_malloc;
    real.realloc = refusing_realloc;
    assert_null(L->f(L->ud, NULL, LUA_TSTRING, 40));
    assert_null(L->f(L->ud, p, 10, 40));
    assert_int_equal(slot.fail_n, 2);
    assert_int_equal(slot.kind_n[ALLOC_STRING], 0);
    assert_int_equal(slot.live_bytes, STATE_BYTES + 10);
    L->f(L->ud, p, 10, 0);
    hook_lua_close(L);
}

static void a_new_allocator_must_be_proven_anew(void **state)
{
    (void)state;
    proof = 1;
    lua_State *L = open_state();
    free_one(L);
    proof = 0;
    hook_lua_setallocf(L, other_alloc, NULL);
    int calls_n = host.calls_n;
    free_one(L);
    free_one(L);
    assert_int_equal(host.calls_n, calls_n + 4);
    assert_int_equal(proofs_n, 2);
    hook_lua_close(L);
}

static void without_our_own_malloc_nothing_is_proven(void **state)
{
    (void)state;
    proof = 1;
    cheap_realloc_entry = NULL; /* the program brings its own */
    lua_State *L = open_state();
    free_one(L);
    assert_int_equal(proofs_n, 0);
    int calls_n = host.calls_n;
    free_one(L);
    assert_int_equal(host.calls_n, calls_n + 2);
    hook_lua_close(L);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_block_in_which_the_countdown_ends_is_a_sample),
        TEST(a_followed_block_is_followed_through_resizes_to_its_release),
        TEST(a_refused_resize_leaves_the_followed_block_where_it_is),
        TEST(an_exact_block_keeps_its_site_to_its_release),
        TEST(an_exact_host_sees_what_lua_asks_for_and_no_more),
        TEST(exact_blocks_survive_changes_of_the_allocator),
        TEST(a_tag_that_the_host_wrote_over_is_no_site_and_counts_as_lost),
        TEST(a_block_with_no_room_for_its_tag_is_refused),
        TEST(once_a_block_found_no_room_no_tag_is_believed),
        TEST(a_state_gets_the_wrapper_and_is_described),
        TEST(no_state_is_made_before_structures_are_verified),
        TEST(close_notes_what_was_alive_and_what_stayed),
        TEST(a_state_that_is_there_again_reaches_its_own_allocator),
        TEST(of_states_made_later_none_is_taken_for_one_that_has_ended),
        TEST(a_state_that_holds_less_than_was_counted_was_put_back),
        TEST(a_refused_state_is_null_and_leaves_nothing_open),
        TEST(without_a_slot_or_an_arena_the_host_is_passed_through),
        TEST(the_host_gets_its_own_pair_back),
        TEST(requests_reach_the_host_as_they_came),
        TEST(the_host_s_allocator_runs_inside_and_nothing_else_does),
        TEST(blocks_count_by_kind_and_odd_kinds_as_other),
        TEST(size_classes_end_where_they_are_said_to_end),
        TEST(resizes_move_between_classes),
        TEST(a_refused_request_changes_nothing_but_its_count),
        TEST(live_and_peak_are_exact),
        TEST(an_unproven_allocator_is_always_asked),
        TEST(a_proven_allocator_is_not_gone_through_and_counts_the_same),
        TEST(a_proven_allocator_is_known_to_later_states_until_its_code_goes),
        TEST(a_direct_request_can_be_refused),
        TEST(a_new_allocator_must_be_proven_anew),
        TEST(without_our_own_malloc_nothing_is_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
