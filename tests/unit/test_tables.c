/* tables: small tables that fill up say so, and threads agree on their entries. */
/* SOURCES: shim/fork_mark.c shim/kernel_filter.c shim/record/address.c shim/record/backing.c shim/record/config.c shim/record/framer.c shim/record/functions.c shim/record/intern.c shim/record/limits.c shim/record/memory_points.c shim/record/object_map.c shim/record/objects.c shim/record/orphans.c shim/record/pages.c shim/record/process_info.c shim/record/region.c shim/record/ring.c shim/record/sink.c shim/record/sink_fd.c shim/record/sink_file.c shim/record/sink_socket.c shim/record/slots.c shim/record/states.c shim/record/tables.c shim/record/trace_name.c shim/record/verbose.c shim/record/writer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/states.h"
#include "tests/unit/seen_records.h"

/* The first state begins a trace: it goes nowhere. */
static int set_up(void **state)
{
    (void)state;
    config.out = "unix:/no/such/collector";
    return 0;
}

static void a_dormant_process_has_no_entries(void **state)
{
    (void)state;
    assert_null(hit_entry(3));
    assert_null(chunk_entry(3, "a", 1, CHUNK_LOAD));
    assert_null(state_slot_new());
    assert_int_equal(span_id_new(), 0);
    loss_count(LOSS_SINK, 1);
    milestone_note(MILESTONE_STATE, 5, 0);
    uncovered_note("a", "b", 0);
    ring_push((const uint8_t *)"", 0);
    assert_int_equal(region_create(), 0);
}

enum { THREADS = 4, KEYS = 700 };
static struct arena_hit *hits[THREADS][KEYS];
static struct arena_chunk *chunks[THREADS][KEYS];
static pthread_barrier_t together;

static void *find_all(void *arg)
{
    uintptr_t me = (uintptr_t)arg;
    pthread_barrier_wait(&together);
    for (uint32_t i = 0; i < KEYS; i++) {
        hits[me][i] = hit_entry(i + 1);
        chunks[me][i] = chunk_entry((uint64_t)i << 40 | 1, "a", 1, CHUNK_LOAD);
        if (hits[me][i])
            atomic_fetch_add(&hits[me][i]->n, 1);
    }
    return NULL;
}

static void threads_find_the_same_entries(void **state)
{
    pthread_t thread[THREADS];
    struct rec_require_hit r;
    (void)state;
    pthread_barrier_init(&together, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, find_all, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_int_equal(atomic_load(&hits[0][i]->name), i + 1);
        assert_int_equal(atomic_load(&hits[0][i]->n), THREADS);
        for (int t = 1; t < THREADS; t++) {
            assert_ptr_equal(hits[t][i], hits[0][i]);
            assert_ptr_equal(chunks[t][i], chunks[0][i]);
        }
    }
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_require_hit), KEYS);
    assert_true(SEEN(require_hit, 5, &r));
    assert_int_equal(r.n, THREADS);
    assert_int_equal(seen_count(REC_chunk), 0); /* none was loaded or run */
    pthread_barrier_destroy(&together);
}

static void full_tables_count_what_they_miss(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2 * ARENA_HITS_MAX; i++) {
        hit_entry(100000 + i);
        assert_non_null(chunk_entry(100001 + 2 * i, "a", 1, CHUNK_LOAD));
    }
    assert_null(hit_entry(999999));
    assert_ptr_equal(hit_entry(1), hits[0][0]);
    assert_true(atomic_load(&arena->losses[LOSS_HITS_FULL]) > ARENA_HITS_MAX);
}

static void chunks_without_room_share_an_entry_by_origin(void **state)
{
    (void)state;
    struct arena_chunk *other = chunk_entry(777777777, "a", 1, CHUNK_LOAD);
    assert_ptr_equal(other, chunk_entry(888888889, "b", 1, CHUNK_LOAD));
    assert_ptr_not_equal(other, chunk_entry(888888889, "b", 1, CHUNK_HOST));
    assert_int_equal(other->name, intern_z("=(other chunks)"));
    assert_ptr_equal(chunk_entry(1, "a", 1, CHUNK_LOAD), chunks[0][0]);
    assert_true(atomic_load(&arena->losses[LOSS_CHUNKS_FULL]) > ARENA_CHUNKS_MAX);
}

static void the_first_time_of_a_milestone_stays(void **state)
{
    struct rec_milestone r;
    (void)state;
    milestone_note(MILESTONE_MAIN, 500, 7);
    milestone_note(MILESTONE_MAIN, 400, 8);
    milestone_note((enum milestone)99, 1, 1);
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_milestone), 1);
    assert_true(SEEN(milestone, 0, &r));
    assert_int_equal(r.at_ns, 500);
    assert_int_equal(r.name, 7);
}

static void the_same_thing_is_not_covered_once(void **state)
{
    (void)state;
    uncovered_note("lua_load", "too short", 1);
    uncovered_note("lua_load", "too short", 1);
    uncovered_note("lua_load", "too short", 2);
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_uncovered), 2);
    for (int i = 0; i < 2 * ARENA_UNCOVERED_MAX; i++) {
        char what[16];
        snprintf(what, sizeof what, "x%d", i);
        uncovered_note(what, "y", 0);
    }
    assert_int_equal(atomic_load(&arena->uncovered_n), ARENA_UNCOVERED_MAX);
    seen_snapshot(arena, 0);
}

static void a_text_is_new_once(void **state)
{
    (void)state;
    assert_false(chunk_text_seen(0));
    assert_true(chunk_text_seen(0));
    for (uint64_t i = 2; i < 2000; i++)
        assert_false(chunk_text_seen(i << 32));
    for (uint64_t i = 2; i < 2000; i++)
        assert_true(chunk_text_seen(i << 32));
    for (uint64_t i = 2000; i < 20000; i++)
        chunk_text_seen(i << 32);
    assert_true(chunk_text_seen(UINT64_C(7) << 32));
    assert_false(chunk_text_seen(UINT64_C(19999) << 32)); /* full: not known, and not held */
}

static void closed_states_free_their_slots(void **state)
{
    struct rec_state r;
    uint32_t last = 0;
    (void)state;
    for (int i = 0; i < 3 * ARENA_STATES_MAX; i++) {
        struct arena_state *s = state_slot_new();
        assert_non_null(s);
        assert_true(s->id > last);
        assert_int_equal(s->kind_n[ALLOC_TABLE], 0);
        last = s->id;
        s->kind_n[ALLOC_TABLE] = 3;
        s->live_bytes = 10;
        assert_int_equal(states_live_bytes(), 10);
        state_slot_close(s);
        if (i % 500 == 499)
            seen_snapshot(arena, 0);
    }
    assert_int_equal(atomic_load(&arena->states_n), 1);
    seen_snapshot(arena, 0);
    unsigned n = seen_count(REC_state);
    assert_true(n > 0 && SEEN(state, n - 1, &r));
    assert_int_equal(r.id, last);
    assert_int_equal(r.kind_n[ALLOC_TABLE], 3);
}

static void states_beyond_the_table_are_counted_as_lost(void **state)
{
    struct arena_state *s[ARENA_STATES_MAX];
    (void)state;
    for (int i = 0; i < ARENA_STATES_MAX; i++)
        assert_non_null(s[i] = state_slot_new());
    assert_null(state_slot_new());
    assert_int_equal(atomic_load(&arena->losses[LOSS_STATES_FULL]), 1);
    state_slot_close(s[7]);
    assert_ptr_equal(state_slot_new(), s[7]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dormant_process_has_no_entries),
        cmocka_unit_test(threads_find_the_same_entries),
        cmocka_unit_test(full_tables_count_what_they_miss),
        cmocka_unit_test(chunks_without_room_share_an_entry_by_origin),
        cmocka_unit_test(the_first_time_of_a_milestone_stays),
        cmocka_unit_test(the_same_thing_is_not_covered_once),
        cmocka_unit_test(a_text_is_new_once),
        cmocka_unit_test(closed_states_free_their_slots),
        cmocka_unit_test(states_beyond_the_table_are_counted_as_lost),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
