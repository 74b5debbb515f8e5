/* snapshot: an arena becomes records, exactly, more than once, and whatever is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/seen_records.h"

static struct arena *a;

static int set_up(void **state)
{
    (void)state;
    a = aligned_alloc(4096, sizeof *a);
    assert_non_null(a);
    memset(a, 0, sizeof *a);
    a->magic = ARENA_MAGIC;
    a->process.pid = 5;
    strcpy(a->process.exe, "/bin/x");
    a->threads_n = 2;
    a->functions_n = 3;
    a->objects_n = 1;
    a->functions[1].version = 1;
    a->functions[1].name = 9;
    a->objects[0].version = 1;
    a->objects[0].hi = 100;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(a);
    return 0;
}

/* ---- counts ---- */

static void counts_are_exact_at_every_step_of_a_countdown(void **state)
{
    struct arena_thread *t = &a->threads[0];
    struct arena_calls *k = &t->calls[1];
    (void)state;
    assert_int_equal(snapshot_down_n(t, 1), 0);
    k->down_base = 100;
    k->down_period = 10;
    for (int left = 10; left >= -1; left--) {
        k->down_left = left;
        assert_int_equal(snapshot_down_n(t, 1), 100 + (10 - left));
    }
    /* In the middle of re-arming: period and left are new, base is not. */
    t->fix_function = 1;
    t->fix_count = 111;
    t->fix_what = ARENA_FIX_DOWN;
    k->down_period = 50;
    k->down_left = 50;
    assert_int_equal(snapshot_down_n(t, 1), 111);
    assert_int_equal(snapshot_down_n(t, 2), 0);
    assert_int_equal(snapshot_up_n(t, 1), 0);
    k->down_base = 111;
    t->fix_what = ARENA_FIX_NONE;
    assert_int_equal(snapshot_down_n(t, 1), 111);
}

static void threads_are_summed_and_only_changes_are_emitted(void **state)
{
    struct rec_crossing r;
    (void)state;
    a->threads[0].calls[1].down_base = 5;
    a->threads[1].calls[1].down_base = 6;
    a->threads[1].calls[1].up_base = 7;
    a->threads[1].calls[1].down_sq_us2 = 2.5f;
    a->threads[0].calls[1].down_sq_us2 = 2.5f;
    seen_snapshot(a, 0);
    assert_int_equal(seen_count(REC_crossing), 1);
    assert_true(SEEN(crossing, 0, &r));
    assert_int_equal(r.function, 1);
    assert_int_equal(r.down_n, 11);
    assert_int_equal(r.up_n, 7);
    assert_int_equal(r.down_sq_us2, 5);
    seen_snapshot(a, 0);
    assert_int_equal(seen_count(REC_crossing), 0);
    a->threads[0].calls[1].down_base++;
    seen_snapshot(a, 0);
    assert_true(SEEN(crossing, 0, &r));
    assert_int_equal(r.down_n, 12);
    seen_snapshot(a, 1);
    assert_int_equal(seen_count(REC_crossing), 1);
}

static void unseen_returns_and_unpublished_bytes_count(void **state)
{
    struct rec_c_heap heap;
    struct rec_loss loss;
    (void)state;
    a->c_live_bytes = 1000;
    a->threads[0].c_unpublished = 24;
    a->threads[1].c_unpublished = -2;
    a->threads[1].unseen_return_n = 3;
    seen_snapshot(a, 0);
    assert_true(SEEN(c_heap, 0, &heap));
    assert_int_equal(heap.live_bytes, 1022);
    assert_int_equal(heap.peak_bytes, 1022);
    assert_true(SEEN(loss, 0, &loss));
    assert_int_equal(loss.what, LOSS_UNSEEN_RETURN);
    assert_int_equal(loss.n, 3);
}

/* ---- definitions ---- */

static void definitions_come_once_and_again_after_a_change(void **state)
{
    struct rec_function f;
    struct rec_process p;
    (void)state;
    seen_snapshot(a, 0);
    assert_true(SEEN(process, 0, &p));
    assert_int_equal(p.pid, 5);
    assert_int_equal(p.exe.n, 6);
    assert_int_equal(seen_count(REC_object), 1);
    assert_int_equal(seen_count(REC_function), 1);
    seen_snapshot(a, 1);
    assert_int_equal(seen_count(REC_process) + seen_count(REC_object) + seen_count(REC_function),
                     0);
    a->functions[1].name = 10;
    a->functions[1].version++;
    seen_snapshot(a, 0);
    assert_true(SEEN(function, 0, &f));
    assert_int_equal(f.name, 10);
    snapshot_redefine(a);
    seen_snapshot(a, 0);
    assert_int_equal(seen_count(REC_process) + seen_count(REC_object) + seen_count(REC_function),
                     3);
}

static void what_was_not_taken_is_emitted_again(void **state)
{
    (void)state;
    for (int taken = 1; taken < 4; taken++) {
        snapshot_redefine(a);
        seen_stop_after = taken;
        assert_int_equal(seen_snapshot(a, 0), 7);
    }
    seen_stop_after = 0;
    seen_snapshot(a, 0);
    assert_int_equal(seen_count(REC_function), 1);
}

static void a_closed_state_is_written_and_its_slot_freed(void **state)
{
    struct rec_state r;
    (void)state;
    a->states_n = 3;
    a->states[0].in_use = 2;
    a->states[0].id = 8;
    a->states[0].kind_n[ALLOC_TABLE] = 4;
    a->states[0].class_free_n[SIZE_CLASS_N - 1] = 5;
    a->states[1].in_use = 1; /* being set up: no id yet */
    seen_snapshot(a, 0);
    assert_int_equal(seen_count(REC_state), 1);
    assert_true(SEEN(state, 0, &r));
    assert_int_equal(r.kind_n[ALLOC_TABLE], 4);
    assert_int_equal(r.class_free_n[SIZE_CLASS_N - 1], 5);
    assert_int_equal(a->states[0].in_use, 0);
}

/* ---- a fork's child ---- */

static void a_child_starts_at_zero_and_keeps_what_lives(void **state)
{
    struct rec_state r;
    (void)state;
    a->states_n = 1;
    a->states[0] = (struct arena_state){.in_use = 1,
                                        .id = 1,
                                        .live_bytes = 500,
                                        .peak_bytes = 900,
                                        .host_alloc = 1234,
                                        .kind_n = {3},
                                        .class_alloc_n = {[2] = 7},
                                        .class_free_n = {[2] = 3},
                                        .class_inherited_n = {[1] = 1, [2] = 1},
                                        .grow_bytes = 508,
                                        .shrink_bytes = 8};
    a->threads[0].calls[1] =
        (struct arena_calls){.down_base = 90, .down_period = 20, .down_left = 3, .down_timed_n = 4};
    a->hits_n = a->chunks_n = 1;
    a->hits[0].name = 3;
    a->hits[0].n = 3;
    a->chunks[0].key = 77;
    a->chunks[0].load_n = 2;
    a->losses[LOSS_SINK] = 3;
    a->frame_seq = 9;
    a->ended = 1;
    seen_snapshot(a, 1);
    snapshot_restart(a);
    assert_int_equal(snapshot_down_n(&a->threads[0], 1), 0);
    assert_int_equal(a->threads[0].calls[1].down_left, 20);
    assert_int_equal(a->states[0].host_alloc, 1234);
    assert_int_equal(a->frame_seq + a->ended, 0);
    seen_snapshot(a, 1);
    assert_int_equal(seen_count(REC_process), 1);
    assert_int_equal(seen_count(REC_function), 1);
    assert_int_equal(seen_count(REC_crossing) + seen_count(REC_require_hit) +
                         seen_count(REC_chunk) + seen_count(REC_loss),
                     0);
    assert_int_equal(a->hits[0].name, 3);
    assert_int_equal(a->chunks[0].key, 77);
    assert_true(SEEN(state, 0, &r));
    assert_int_equal(r.live_bytes, 500);
    assert_int_equal(r.peak_bytes, 500);
    assert_int_equal(r.kind_n[0] + r.free_bytes + r.grow_bytes + r.shrink_bytes, 0);
    assert_int_equal(r.class_alloc_n[2] + r.class_free_n[2], 0);
    assert_int_equal(r.class_inherited_n_n, 3); /* without the zeros behind */
    assert_int_equal(r.class_inherited_n[1], 1);
    assert_int_equal(r.class_inherited_n[2], 5);
}

/* ---- damage ---- */

static uint64_t seed = 1;

static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Everything a reader goes by is nonsense, in turn more and less likely nonsense. */
static void damage(size_t from, size_t to)
{
    uint8_t *bytes = (uint8_t *)a;
    for (size_t i = from; i + 8 <= to; i += 8) {
        uint64_t v = any();
        if (v % 3 == 0)
            v >>= any() % 64;
        if (v % 7)
            memcpy(bytes + i, &v, 8);
    }
}

static void records_must_be_whole(void)
{
    const uint8_t *at = seen_bytes, *payload;
    uint64_t kind;
    size_t n;
    int r;
    while ((r = record_next(&at, seen_bytes + seen_n, &kind, &payload, &n)) == 1)
        ;
    assert_int_equal(r, 0);
}

static void a_damaged_arena_gives_whole_records_or_none(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        seed = (uint64_t)round + 1;
        damage(0, offsetof(struct arena, ring) + 64);
        damage(offsetof(struct arena, ring) + 64, offsetof(struct arena, strings) + 65536);
        damage(offsetof(struct arena, threads), offsetof(struct arena, threads) + 4096);
        if (round % 3) { /* plausible numbers lead further */
            a->strings_used = (uint32_t)any() % ARENA_STRINGS_BYTES;
            a->strings_emitted = 0;
            a->process_emitted = 0;
            a->ring.tail = any() % (1 << 30) & ~UINT64_C(7);
            a->ring.head = a->ring.tail + (any() % ARENA_RING_BYTES & ~UINT64_C(7));
            a->threads_n = 1 + (uint32_t)any() % 3;
        }
        seen_snapshot(a, 1);
        records_must_be_whole();
        snapshot_restart(a);
        seen_snapshot(a, round % 2);
        records_must_be_whole();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_are_exact_at_every_step_of_a_countdown, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(threads_are_summed_and_only_changes_are_emitted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(unseen_returns_and_unpublished_bytes_count, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(definitions_come_once_and_again_after_a_change, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_taken_is_emitted_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_closed_state_is_written_and_its_slot_freed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_child_starts_at_zero_and_keeps_what_lives, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_arena_gives_whole_records_or_none, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
