/* Ticks of an event see all of a program that runs in rounds, and stand for all of its time. */
/* SOURCES: shim/sampler/tick_pace.c */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "shim/sampler/tick_pace.h"

enum { UNIT = 62563, MEAN = UNIT * TICK_UNITS };

/* Ticks of one thread, whose handler changes their distance LATE_NS after one fell due. */
struct run {
    uint64_t now_ns, samples_n, units_n, first_n; /* first_n: units in the first half of a round */
};

static struct run run(uint64_t seed, uint64_t round_ns, uint64_t samples_n, uint64_t late_ns)
{
    struct tick_pace p = {.seed = seed * UINT64_C(0x9e3779b97f4a7c15)};
    struct run r = {0};
    uint64_t start = seed * 7919 * UNIT / 2; /* the program's rounds began before */
    tick_pace_begin(&p, tick_pace_draw(&p, UNIT), r.now_ns);
    for (uint64_t due = p.distance_ns; r.samples_n < samples_n; due += p.distance_ns) {
        r.now_ns = due;
        uint64_t units = tick_pace_units(&p, 1, UNIT);
        r.samples_n++;
        r.units_n += units;
        if ((due + start) % round_ns < round_ns / 2)
            r.first_n += units;
        if (tick_pace_is_due(&p)) {
            due += late_ns;
            tick_pace_begin(&p, tick_pace_draw(&p, UNIT), due);
        }
    }
    return r;
}

/* How far the share of the first half is off in runs of SAMPLES, as against that of samples which know nothing of each other; in
 * none by more than chance explains. */
static double scatter(double round_means)
{
    enum { RUNS = 2000, SAMPLES = 320 };
    double squares = 0, error = sqrt(0.25 / SAMPLES);
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct run r = run(seed, (uint64_t)(round_means * MEAN), SAMPLES, 0);
        double off = (double)r.first_n / (double)r.units_n - 0.5;
        squares += off * off;
        assert_true(fabs(off) < 5.5 * error);
    }
    return sqrt(squares / RUNS) / error;
}

/* At a fixed distance it is 18 in the first three.  Weights differ, which adds 4 %. */
static void programs_in_step_are_seen_as_a_whole(void **unused)
{
    (void)unused;
    assert_true(scatter(1) < 1.1);
    assert_true(scatter(1.0 / 2) < 1.1);
    assert_true(scatter(1.0 / 3) < 1.1);
    assert_true(scatter(2) < 1.1);
    assert_true(scatter(1.25) < 1.5);
    assert_true(scatter(20) < 1.1);
}

static void what_ticks_stand_for_is_the_time_that_passed(void **unused)
{
    (void)unused;
    for (uint64_t late = 0; late < MEAN / 4; late += 7777) {
        struct run r = run(late + 1, MEAN, 5000, late);
        assert_in_range(r.now_ns - r.units_n * UNIT, 0, UNIT);
        assert_in_range(r.units_n / r.samples_n, TICK_UNITS - 1, TICK_UNITS + 5);
    }
}

static void ticks_that_were_kept_away_stand_for_their_distance(void **unused)
{
    struct tick_pace p = {.seed = 9};
    (void)unused;
    tick_pace_begin(&p, MEAN / 2, 0);
    assert_int_equal(tick_pace_units(&p, 10, UNIT), 10 * TICK_UNITS / 2);
    assert_true(tick_pace_is_due(&p));
    assert_false(tick_pace_is_due(&p));
}

static void timers_ticks_are_whole(void **unused)
{
    struct tick_pace p = {.seed = 9};
    (void)unused;
    assert_int_equal(tick_pace_units(&p, 4, UNIT), 4 * TICK_UNITS);
    assert_false(tick_pace_is_due(&p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_in_step_are_seen_as_a_whole),
        cmocka_unit_test(what_ticks_stand_for_is_the_time_that_passed),
        cmocka_unit_test(ticks_that_were_kept_away_stand_for_their_distance),
        cmocka_unit_test(timers_ticks_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
