/* spans: a stack that stays true when frames go without returning, and what the trace gets of it. */
/* SOURCES: shim/hooks/spans.c shim/hooks/span_trace.c shim/hooks/span_quota.c shim/hooks/span_tries.c shim/hooks/chunk_name.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>

#include "shim/attach/arch/x86_64/jump.h"
#include "shim/attach/loader.h"
#include "shim/hooks/heap.h"
#include "shim/hooks/observe.h"
#include "shim/hooks/span_quota.h"
#include "shim/hooks/span_trace.h"
#include "tests/unit/fake_record.h"

/* ---- what spans.c stands on ---- */

SHIM_TLS uint32_t observe_calls, observe_files;
SHIM_TLS struct loader_times loader_times;
static struct arena_state lua_state = {.id = 7, .live_bytes = 1000};

struct arena_state *heap_state(struct lua_copy *c, lua_State *L)
{
    (void)c, (void)L;
    return &lua_state;
}

const void *layout_running_call(const struct lua_copy *c, lua_State *L)
{
    (void)c, (void)L;
    return NULL;
}

static const char *error_on_top;

static int fake_type(lua_State *L, int idx)
{
    (void)L, (void)idx;
    return error_on_top ? LUA_TSTRING : LUA_TNIL;
}

static const char *fake_tolstring(lua_State *L, int idx, size_t *n)
{
    (void)L, (void)idx;
    *n = strlen(error_on_top);
    return error_on_top;
}

static int fake_gettop(lua_State *L)
{
    (void)L;
    return 1;
}

static int fake_getstack(lua_State *L, int level, lua_Debug *ar)
{
    (void)L, (void)level, (void)ar;
    return 0;
}

static int fake_getinfo(lua_State *L, const char *what, lua_Debug *ar)
{
    (void)L, (void)what, (void)ar;
    return 0;
}

static struct lua_copy copy = {.api = {.lua_type = fake_type,
                                       .lua_tolstring = fake_tolstring,
                                       .lua_gettop = fake_gettop,
                                       .lua_getstack = fake_getstack,
                                       .lua_getinfo = fake_getinfo}};

/* ---- what was written ---- */

struct seen {
    struct rec_span_begin begin[2048];
    struct rec_span_end end[2048];
    struct rec_span_try tried[256];
    int begin_n, end_n, try_n;
};
static struct seen seen;

static void see(uint64_t kind, const uint8_t *payload, size_t n)
{
    if (kind == REC_span_begin)
        rec_span_begin_decode(&seen.begin[seen.begin_n++], payload, n);
    else if (kind == REC_span_end)
        rec_span_end_decode(&seen.end[seen.end_n++], payload, n);
    else if (kind == REC_span_try)
        rec_span_try_decode(&seen.tried[seen.try_n++], payload, n);
}

static void look(void)
{
    const uint8_t *at = fake_bytes, *end = fake_bytes + fake_bytes_n, *payload;
    uint64_t kind;
    size_t n;
    memset(&seen, 0, sizeof seen);
    while (record_next(&at, end, &kind, &payload, &n) == 1)
        see(kind, payload, n);
}

static const char *name_of(const struct rec_span_begin *b)
{
    return fake_string[b->name];
}

/* ---- frames, as numbers: deeper ones are lower ---- */

static struct span *open_at(enum span_kind kind, const char *name, uintptr_t frame)
{
    struct span *s = span_push(kind, &copy, NULL, frame);
    if (!s)
        return NULL;
    s->asked = name;
    s->asked_n = strlen(name);
    s->begin_ns = now_ns();
    return s;
}

static int setup(void **state)
{
    (void)state;
    fake_start();
    observe_calls = observe_files = 0;
    error_on_top = NULL;
    memset(&loader_times, 0, sizeof loader_times);
    return 0;
}

static int no_span_is_left(void **state)
{
    (void)state;
    assert_int_equal(spans_depth, 0);
    return 0;
}

/* ---- tests ---- */

static void spans_that_were_never_touched_write_nothing(void **state)
{
    (void)state;
    struct span *s = open_at(SPAN_REQUIRE, "m", 1000);
    span_drop(s, s->serial);
    assert_int_equal(fake_bytes_n, 0);
}

static void spans_write_parents_before_children(void **state)
{
    (void)state;
    struct span *outer = open_at(SPAN_REQUIRE, "outer", 3000);
    struct span *inner = open_at(SPAN_REQUIRE, "inner", 2000);
    span_touch(inner);
    span_close(inner, inner->serial, SPAN_OK, now_ns());
    span_close(outer, outer->serial, SPAN_OK, now_ns());
    look();
    assert_int_equal(seen.begin_n, 2);
    assert_string_equal(name_of(&seen.begin[0]), "outer");
    assert_int_equal(seen.begin[1].parent, seen.begin[0].id);
    assert_int_equal(seen.end[0].id, seen.begin[1].id);
    assert_int_equal(seen.end[1].id, seen.begin[0].id);
}

static void spans_put_the_outer_observation_back(void **state)
{
    (void)state;
    observe_calls = 1;
    struct span *outer = open_at(SPAN_REQUIRE, "outer", 3000);
    observe_calls = 0;
    observe_files = 1;
    struct span *inner = open_at(SPAN_REQUIRE, "inner", 2000);
    assert_int_equal(observe_files, 0);
    observe_calls = 1;
    span_drop(inner, inner->serial);
    assert_int_equal(observe_calls, 0);
    assert_int_equal(observe_files, 1);
    span_drop(outer, outer->serial);
    assert_int_equal(observe_calls, 1);
    assert_int_equal(observe_files, 0);
    observe_calls = 0;
}

static void a_jump_closes_the_spans_it_leaves_and_no_other(void **state)
{
    (void)state;
    struct span *a = open_at(SPAN_REQUIRE, "a", 4000);
    open_at(SPAN_REQUIRE, "b", 3000);
    open_at(SPAN_REQUIRE, "c", 2000);
    error_on_top = "boom";
    spans_cut(1000, 3500, CUT_ERROR);
    assert_int_equal(spans_depth, 1);
    assert_true(span_live(a, a->serial));
    look();
    assert_int_equal(seen.end_n, 2);
    assert_int_equal(seen.end[0].status, SPAN_FAILED);
    assert_int_equal(seen.end[1].status, SPAN_FAILED);
    assert_string_equal(fake_string[seen.end[0].error], "boom");
    span_drop(a, a->serial);
}

static void a_jump_that_stays_below_closes_nothing(void **state)
{
    (void)state;
    struct span *a = open_at(SPAN_REQUIRE, "a", 4000);
    spans_cut(1000, 3999, CUT_ERROR);
    assert_int_equal(spans_depth, 1);
    span_drop(a, a->serial);
    assert_int_equal(fake_bytes_n, 0);
}

static void a_jump_off_a_signal_stack_closes_what_it_leaves(void **state)
{
    (void)state;
    struct span *a = open_at(SPAN_REQUIRE, "a", 4000);
    open_at(SPAN_REQUIRE, "b", 3000);
    spans_cut(900000, 3500, CUT_UNKNOWN);
    assert_int_equal(spans_depth, 1);
    span_drop(a, a->serial);
}

static void a_yield_is_not_a_failure(void **state)
{
    (void)state;
    open_at(SPAN_DOFILE, "d", 2000);
    spans_cut(1000, 3000, CUT_YIELD);
    look();
    assert_int_equal(seen.end[0].status, SPAN_OPEN);
    assert_int_not_equal(seen.end[0].error, 0);
}

static void frames_left_unseen_are_found_gone(void **state)
{
    (void)state;
    struct span *outer = open_at(SPAN_REQUIRE, "outer", 3000);
    struct span *gone = open_at(SPAN_REQUIRE, "gone", 2000);
    uint64_t serial = gone->serial;
    span_touch(gone);
    assert_ptr_equal(span_top(1000), gone);
    assert_ptr_equal(span_top(2000), outer); /* a hook that stands where it stood */
    assert_false(span_live(gone, serial));
    look();
    assert_int_equal(seen.end[0].status, SPAN_FAILED);
    span_drop(outer, outer->serial);
}

static int asked_of_lua;

static int dead_getstack(lua_State *L, int level, lua_Debug *ar)
{
    (void)L, (void)level, (void)ar;
    asked_of_lua++;
    return 0;
}

static void lua_is_not_asked_about_frames_that_are_gone(void **state)
{
    (void)state;
    struct span *outer = open_at(SPAN_REQUIRE, "outer", 3000);
    open_at(SPAN_REQUIRE, "of a dead coroutine", 2000);
    copy.api.lua_getstack = dead_getstack;
    assert_ptr_equal(span_top(2500), outer);
    copy.api.lua_getstack = fake_getstack;
    assert_int_equal(asked_of_lua, 0);
    span_drop(outer, outer->serial);
}

static void a_frame_closes_what_was_left_open_in_it(void **state)
{
    (void)state;
    struct span *outer = open_at(SPAN_REQUIRE, "outer", 3000);
    span_touch(open_at(SPAN_REQUIRE, "left", 2000));
    span_close(outer, outer->serial, SPAN_OK, now_ns());
    look();
    assert_int_equal(seen.end_n, 2);
    assert_int_equal(seen.end[0].status, SPAN_FAILED);
    assert_int_equal(seen.end[1].status, SPAN_OK);
}

static void a_frame_whose_span_is_gone_closes_no_other(void **state)
{
    (void)state;
    struct span *old = open_at(SPAN_REQUIRE, "old", 2000);
    uint64_t serial = old->serial;
    spans_cut(1000, 3000, CUT_UNKNOWN);
    struct span *new = open_at(SPAN_REQUIRE, "new", 2500);
    assert_ptr_equal(old, new);
    span_close(old, serial, SPAN_OK, now_ns());
    assert_int_equal(spans_depth, 1);
    span_drop(new, new->serial);
}

static void a_storm_of_errors_leaves_an_empty_stack(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++) {
        open_at(SPAN_REQUIRE, "storm", 3000);
        open_at(SPAN_REQUIRE, "storm.inner", 2000);
        spans_cut(1000, 3500, CUT_ERROR);
    }
    look();
    assert_int_equal(seen.begin_n, 2 * SPAN_KEEP);
    assert_int_equal(seen.end_n, 2 * SPAN_KEEP);
    assert_int_equal(fake_lost[LOSS_SPANS], 2 * (10000 - SPAN_KEEP));
}

static void spans_too_deep_are_counted_and_left_out(void **state)
{
    (void)state;
    for (int i = 0; i < SPAN_DEPTH; i++)
        assert_non_null(open_at(SPAN_MAIN, "deep", 100000 - (uintptr_t)i));
    assert_null(open_at(SPAN_MAIN, "deep", 1000));
    assert_int_equal(fake_lost[LOSS_SPANS], 1);
    spans_cut(0, 200000, CUT_UNKNOWN);
}

static void phases_never_exceed_the_total(void **state)
{
    (void)state;
    struct span *s = open_at(SPAN_REQUIRE, "p", 3000);
    s->begin_ns = 1000;
    span_touch(s);
    s->d.phase_ns[PHASE_READ] = 300;
    s->d.phase_ns[PHASE_COMPILE] = 200;
    s->d.shim_ns = 50;
    struct span *inner = open_at(SPAN_REQUIRE, "p.searcher", 2000);
    inner->begin_ns = 1100;
    span_touch(inner);
    span_close(inner, inner->serial, SPAN_OK, 1200);
    span_resolved(s, 2000);
    assert_int_equal(s->d.phase_ns[PHASE_RESOLVE], 1000 - 300 - 200 - 50 - 100);
    s->d.run_seen = 1;
    s->d.run_begin_ns = 2000;
    span_close(s, s->serial, SPAN_FAILED, 2500);
    look();
    assert_int_equal(seen.end[1].phase_ns[PHASE_RUN], 500);
}

static void memory_is_the_difference(void **state)
{
    (void)state;
    lua_state.live_bytes = 1000;
    struct span *s = open_at(SPAN_REQUIRE, "m", 3000);
    span_touch(s);
    lua_state.live_bytes = 900;
    lua_state.kind_bytes[ALLOC_TABLE] += 70;
    lua_state.grow_bytes += 30;
    fake_thread.c_live_bytes += 16;
    span_close(s, s->serial, SPAN_OK, now_ns());
    look();
    assert_int_equal(seen.end[0].lua_bytes, -100);
    assert_int_equal(seen.end[0].lua_alloc_bytes, 100);
    assert_int_equal(seen.end[0].c_bytes, 16);
    assert_int_equal(seen.begin[0].state, 7);
}

static void a_module_within_itself_is_circular(void **state)
{
    (void)state;
    struct span *a = open_at(SPAN_REQUIRE, "ring", 4000);
    struct span *b = open_at(SPAN_REQUIRE, "ring.other", 3000);
    struct span *again = open_at(SPAN_REQUIRE, "ring", 2000);
    span_touch(again);
    assert_int_equal(again->d.load, LOAD_CIRCULAR);
    assert_int_equal(b->d.load, LOAD_UNKNOWN);
    assert_int_equal(a->d.load, LOAD_UNKNOWN);
    spans_cut(1000, 5000, CUT_ERROR);
}

static void tries_are_bounded_and_a_found_file_counts_once(void **state)
{
    (void)state;
    struct span *s = open_at(SPAN_REQUIRE, "t", 1 + (uintptr_t)-1 / 2);
    span_touch(s);
    s->step = SPAN_LOADING;
    observe_open("a.lua", 2, 10, 20);
    observe_open("b.lua", 0, 20, 30);
    observe_open("b.lua", 0, 30, 40); /* opened again, to be read */
    look();
    assert_int_equal(seen.try_n, 2);
    assert_int_equal(seen.tried[0].err, 2);
    assert_string_equal(fake_string[seen.tried[1].path], "b.lua");
    for (int i = 0; i < 100; i++)
        observe_open("c.lua", 2, 40, 50);
    look();
    assert_int_equal(seen.try_n, SPAN_TRIES);
    assert_int_equal(fake_lost[LOSS_TRIES], 102 - SPAN_TRIES);
    s->step = SPAN_RUNNING;
    observe_open("d.lua", 2, 50, 60); /* the module's own business */
    assert_int_equal(fake_lost[LOSS_TRIES], 102 - SPAN_TRIES);
    span_close(s, s->serial, SPAN_OK, now_ns());
}

static void a_forked_child_writes_its_begins_again(void **state)
{
    (void)state;
    struct span *s = open_at(SPAN_MAIN, "forked", 3000);
    span_touch(s);
    arena->process.pid++;
    fake_bytes_n = 0;
    span_close(s, s->serial, SPAN_OK, now_ns());
    look();
    assert_int_equal(seen.begin_n, 1);
    assert_int_equal(seen.end_n, 1);
    assert_int_equal(seen.end[0].id, seen.begin[0].id);
}

static void *other_thread(void *unused)
{
    (void)unused;
    assert_int_equal(spans_depth, 0);
    struct span *s = open_at(SPAN_REQUIRE, "other", 1500);
    assert_int_equal(spans_depth, 1);
    span_touch(s);
    return NULL; /* ends with its span open */
}

static void threads_have_stacks_of_their_own(void **state)
{
    (void)state;
    struct span *s = open_at(SPAN_REQUIRE, "mine", 2000);
    for (int i = 0; i < 3 * SPAN_STACKS; i++) {
        pthread_t t;
        assert_int_equal(pthread_create(&t, NULL, other_thread, NULL), 0);
        pthread_join(t, NULL);
    }
    assert_int_equal(spans_depth, 1);
    assert_true(span_live(s, s->serial));
    span_drop(s, s->serial);
    look();
    assert_int_equal(seen.begin[0].parent, 0);
}

/* The thread's own stack, and another (its addresses are nowhere near). */
static void c_stacks_of_one_thread_keep_their_spans_apart(void **state)
{
    (void)state;
    uintptr_t own = stack_now();
    struct span *a = open_at(SPAN_REQUIRE, "own", own);
    span_touch(a);
    struct span *b = open_at(SPAN_REQUIRE, "fiber", 2000);
    span_touch(b);
    assert_int_equal(spans_depth, 1);
    spans_cut(1500, own + 64, CUT_UNKNOWN); /* a switch by longjmp */
    assert_int_equal(spans_depth, 1);
    assert_true(span_live(a, a->serial));
    span_close(a, a->serial, SPAN_OK, now_ns());
    assert_int_equal(spans_depth, 0);
    assert_true(span_live(b, b->serial));
    span_close(b, b->serial, SPAN_OK, now_ns());
    look();
    assert_int_equal(seen.begin[1].parent, 0);
    assert_int_equal(seen.end_n, 2);
    assert_int_equal(seen.end[0].status, SPAN_OK);
    assert_int_equal(seen.end[1].status, SPAN_OK);
}

static void jump_targets_can_be_read_here(void **state)
{
    (void)state;
    assert_true(jump_readable());
}

#define SPAN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, no_span_is_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPAN_TEST(spans_that_were_never_touched_write_nothing),
        SPAN_TEST(spans_write_parents_before_children),
        SPAN_TEST(spans_put_the_outer_observation_back),
        SPAN_TEST(a_jump_closes_the_spans_it_leaves_and_no_other),
        SPAN_TEST(a_jump_that_stays_below_closes_nothing),
        SPAN_TEST(a_jump_off_a_signal_stack_closes_what_it_leaves),
        SPAN_TEST(a_yield_is_not_a_failure),
        SPAN_TEST(frames_left_unseen_are_found_gone),
        SPAN_TEST(lua_is_not_asked_about_frames_that_are_gone),
        SPAN_TEST(a_frame_closes_what_was_left_open_in_it),
        SPAN_TEST(a_frame_whose_span_is_gone_closes_no_other),
        SPAN_TEST(a_storm_of_errors_leaves_an_empty_stack),
        SPAN_TEST(spans_too_deep_are_counted_and_left_out),
        SPAN_TEST(phases_never_exceed_the_total),
        SPAN_TEST(memory_is_the_difference),
        SPAN_TEST(a_module_within_itself_is_circular),
        SPAN_TEST(tries_are_bounded_and_a_found_file_counts_once),
        SPAN_TEST(a_forked_child_writes_its_begins_again),
        SPAN_TEST(threads_have_stacks_of_their_own),
        SPAN_TEST(c_stacks_of_one_thread_keep_their_spans_apart),
        SPAN_TEST(jump_targets_can_be_read_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
