/* Samples that take longer than their distance leave the program its time, and no time is lost. */
/* SOURCES: shim/sampler/tick_rest.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "shim/sampler/tick_rest.h"

/* A thread whose clock ticks each period of the time that it and its handler take. */
struct run {
    uint64_t program_ns, stood_for, samples_n;
};

static struct run run(uint64_t cost_ns, uint64_t period_ns, uint64_t until_ns)
{
    enum { HELD_COSTS = 2000 };
    struct tick_rest r = {0};
    struct run out = {0};
    uint64_t now = 1000000000, end = now + until_ns, due = now + period_ns;
    while (now < end) {
        if (now < due) {
            out.program_ns += due - now;
            now = due;
        }
        uint64_t periods = 1, began = now;
        if (tick_rest_holds(&r, began, period_ns, &periods)) {
            now += HELD_COSTS;
        } else {
            now += cost_ns;
            out.samples_n++;
            out.stood_for += periods;
            tick_rest_note(&r, cost_ns, now);
        }
        for (due += period_ns; due + period_ns <= now;) /* a signal waits once */
            due += period_ns;
    }
    return out;
}

static void cheap_samples_are_all_taken(void **unused)
{
    (void)unused;
    struct run r = run(20000, 1000000, 1000000000);
    assert_int_equal(r.samples_n, r.stood_for);
    assert_in_range(r.samples_n, 990, 1000);
}

static void samples_longer_than_their_distance_leave_the_program_its_time(void **unused)
{
    (void)unused;
    for (uint64_t cost = 50000; cost < 50000000; cost *= 3) {
        struct run r = run(cost, 100000, 2000000000);
        assert_true(r.program_ns > (cost > 50000 ? 1500000000 : 900000000));
        assert_true(r.samples_n > 1);
    }
}

static void held_periods_are_the_next_samples(void **unused)
{
    (void)unused;
    struct run r = run(700000, 100000, 2000000000);
    assert_true(r.samples_n < 400);
    /* All of the program's time, but for what is held at the end. */
    assert_true(r.stood_for * 100000 > r.program_ns - 10000000);
}

/* Once in a while another program takes the processor in the middle of a sample. */
static void one_long_sample_makes_none_rest(void **unused)
{
    (void)unused;
    struct tick_rest r = {0};
    uint64_t periods = 1, now = 1000000000;
    for (int i = 0; i < 100; i++, now += 1000000) {
        assert_false(tick_rest_holds(&r, now, 1000000, &periods));
        assert_int_equal(periods, 1);
        uint64_t cost = i % 2 ? 20000 : 20000000;
        now += cost;
        tick_rest_note(&r, cost, now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cheap_samples_are_all_taken),
        cmocka_unit_test(samples_longer_than_their_distance_leave_the_program_its_time),
        cmocka_unit_test(held_periods_are_the_next_samples),
        cmocka_unit_test(one_long_sample_makes_none_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
