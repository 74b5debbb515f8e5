/* ring: records go through it whole, once, in each producer's order, or are counted as lost. */
/* SOURCES: shim/fork_mark.c shim/kernel_filter.c shim/record/address.c shim/record/backing.c shim/record/config.c shim/record/framer.c shim/record/functions.c shim/record/intern.c shim/record/limits.c shim/record/memory_points.c shim/record/object_map.c shim/record/objects.c shim/record/orphans.c shim/record/pages.c shim/record/process_info.c shim/record/region.c shim/record/ring.c shim/record/sink.c shim/record/sink_fd.c shim/record/sink_file.c shim/record/sink_socket.c shim/record/slots.c shim/record/states.c shim/record/tables.c shim/record/trace_name.c shim/record/verbose.c shim/record/writer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/ring.h"
#include "tests/unit/seen_records.h"

static int set_up(void **state)
{
    (void)state;
    return region_create();
}

/* Carries the producer and a running number, in different sizes. */
static size_t encode(uint8_t *out, uint64_t producer, uint64_t number)
{
    struct rec_span_try r = {.span = producer, .at_ns = number, .dur_ns = number << (number % 40)};
    return rec_span_try_encode(&r, out, 64);
}

static void push(uint64_t producer, uint64_t number)
{
    uint8_t record[64];
    size_t n = encode(record, producer, number);
    ring_push(record, n);
}

static uint64_t lost(void)
{
    return atomic_load(&arena->losses[LOSS_RING_FULL]);
}

static void a_record_comes_out_as_it_went_in(void **state)
{
    struct rec_span_try r;
    (void)state;
    push(3, 4);
    seen_snapshot(arena, 0);
    assert_true(SEEN(span_try, 0, &r));
    assert_int_equal(r.span, 3);
    assert_int_equal(r.at_ns, 4);
    assert_int_equal(ring_filled_bytes(), 0);
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_span_try), 0);
}

static void records_survive_many_laps(void **state)
{
    struct rec_span_try r;
    uint64_t next = 0, wanted = 0, before = lost();
    (void)state;
    for (int lap = 0; lap < 400; lap++) {
        for (int i = 0; i < 997; i++)
            push(1, next++);
        seen_snapshot(arena, 0);
        for (unsigned i = 0; i < 997; i += 331) {
            assert_true(SEEN(span_try, i, &r));
            assert_int_equal(r.at_ns, wanted + i);
        }
        assert_int_equal(seen_count(REC_span_try), 997);
        wanted += 997;
    }
    assert_true(atomic_load(&arena->ring.head) > 3 * ARENA_RING_BYTES);
    assert_int_equal(lost(), before);
}

static void drops_are_counted_when_full(void **state)
{
    uint64_t before = lost(), pushed = 0;
    (void)state;
    while (lost() < before + 10) {
        push(2, pushed++);
        assert_true(pushed < 1000000);
    }
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_span_try), pushed - 10);
    push(2, pushed);
    assert_int_equal(lost(), before + 10);
    seen_snapshot(arena, 0);
}

static void memory_behind_the_tail_is_zero(void **state)
{
    (void)state;
    push(1, 1);
    seen_snapshot(arena, 0);
    for (size_t i = 0; i < ARENA_RING_BYTES; i++)
        if (arena->ring.bytes[i])
            fail_msg("byte %zu is not zero", i);
}

/* ---- several producers ---- */

enum { PRODUCERS = 8, EACH = 20000 };
static _Atomic int running;

static void *produce(void *arg)
{
    uint64_t me = (uint64_t)(uintptr_t)arg;
    for (uint64_t i = 0; i < EACH; i++)
        push(me, i);
    running--;
    return NULL;
}

/* Takes what is there; checks that each producer's numbers only go up. */
static uint64_t consume(uint64_t last[PRODUCERS])
{
    const uint8_t *at, *end, *payload;
    struct rec_span_try r;
    uint64_t kind, count = 0;
    size_t n;
    seen_snapshot(arena, 0);
    at = seen_bytes;
    end = seen_bytes + seen_n;
    while (record_next(&at, end, &kind, &payload, &n) == 1) {
        if (kind != REC_span_try)
            continue;
        assert_int_equal(rec_span_try_decode(&r, payload, n), 0);
        assert_true(r.span < PRODUCERS);
        assert_true(r.at_ns + 1 > last[r.span]);
        assert_int_equal(r.dur_ns, r.at_ns << (r.at_ns % 40));
        last[r.span] = r.at_ns + 1;
        count++;
    }
    return count;
}

static void nothing_is_lost_or_doubled_with_eight_producers(void **state)
{
    pthread_t thread[PRODUCERS];
    uint64_t last[PRODUCERS] = {0}, got = 0, before = lost();
    (void)state;
    running = PRODUCERS;
    for (uintptr_t i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, produce, (void *)i), 0);
    while (running)
        got += consume(last);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(thread[i], NULL);
    got += consume(last);
    assert_int_equal(got + (lost() - before), PRODUCERS * EACH);
    assert_int_equal(ring_filled_bytes(), 0);
}

/* ---- a producer that is interrupted ---- */

static volatile uint64_t handled;

static void on_signal(int sig)
{
    (void)sig;
    push(7, handled);
    handled++;
}

static void a_signal_handler_may_push(void **state)
{
    struct itimerspec every = {{0, 50000}, {0, 50000}};
    struct sigaction on = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    uint64_t before = lost(), pushed = 0, got = 0, last[PRODUCERS] = {0};
    timer_t timer;
    (void)state;
    handled = 0;
    sigaction(SIGALRM, &on, NULL);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, NULL, &timer), 0);
    timer_settime(timer, 0, &every, NULL);
    while (handled < 300) {
        for (int i = 0; i < 100; i++)
            push(5, pushed++);
        got += consume(last);
    }
    timer_delete(timer);
    got += consume(last);
    assert_int_equal(got + (lost() - before), pushed + handled);
}

/* ---- what was taken and never completed ---- */

static void an_unfinished_record_waits_and_is_stepped_over_at_the_end(void **state)
{
    struct arena_ring *ring = &arena->ring;
    uint64_t before = lost(), at = atomic_load(&ring->head);
    (void)state;
    push(1, 1);
    push(1, 2);
    /* As if the first producer had died between marking and filling. */
    _Atomic uint32_t *header = (void *)(ring->bytes + at % ARENA_RING_BYTES);
    atomic_store(header, (*header & ~3u) | RING_BUSY);
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_span_try), 0);
    seen_snapshot(arena, 1);
    assert_int_equal(seen_count(REC_span_try), 1);
    assert_int_equal(lost(), before + 1);
    assert_int_equal(atomic_load(&ring->tail), atomic_load(&ring->head));

    /* And before marking: all zero. */
    at = atomic_load(&ring->head);
    push(1, 3);
    uint64_t next = atomic_load(&ring->head);
    push(1, 4);
    memset(ring->bytes + at % ARENA_RING_BYTES, 0, next - at);
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_span_try), 0);
    seen_snapshot(arena, 1);
    assert_int_equal(seen_count(REC_span_try), 1);
}

/* A signal handler's longjmp left a record half written: others must not wait for ever. */
static void an_abandoned_record_is_given_up_after_a_while(void **state)
{
    uint64_t at = atomic_load(&arena->ring.head);
    struct snapshot_options o = {.now_ns = 1000};
    (void)state;
    push(1, 1);
    push(1, 2);
    _Atomic uint32_t *header = (void *)(arena->ring.bytes + at % ARENA_RING_BYTES);
    atomic_store(header, (*header & ~3u) | RING_BUSY);
    for (int i = 0; i < 3; i++) {
        o.now_ns += UINT64_C(2000000000);
        seen_n = 0;
        snapshot_take(arena, &o, seen_emit, NULL);
        assert_int_equal(seen_count(REC_span_try), 0);
    }
    o.now_ns += UINT64_C(2000000000);
    seen_n = 0;
    snapshot_take(arena, &o, seen_emit, NULL);
    assert_int_equal(seen_count(REC_span_try), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_out_as_it_went_in),
        cmocka_unit_test(records_survive_many_laps),
        cmocka_unit_test(drops_are_counted_when_full),
        cmocka_unit_test(memory_behind_the_tail_is_zero),
        cmocka_unit_test(nothing_is_lost_or_doubled_with_eight_producers),
        cmocka_unit_test(a_signal_handler_may_push),
        cmocka_unit_test(an_abandoned_record_is_given_up_after_a_while),
        cmocka_unit_test(an_unfinished_record_waits_and_is_stepped_over_at_the_end),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
