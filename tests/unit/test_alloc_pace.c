/* test_alloc_pace: samples do not come faster than a bound, and what they stand for stays right. */
/* SOURCES: shim/hooks/alloc_pace.c shim/hooks/alloc_draw.c */
#include "tests/unit/unit.h"

#include <math.h>

#include "shim/hooks/alloc_draw.h"
#include "shim/hooks/alloc_pace.h"

enum { ASKED = 512 << 10, MS = 1000 * 1000 };

/* What is allocated by countdown, as the hooks do it. */
struct run {
    struct alloc_pace pace;
    uint64_t seed, now, interval, samples;
    int64_t left;
};

/* Of blocks of one size. */
struct sums {
    double truth, bytes, var;
};

static struct run begin(void)
{
    struct run r = {.seed = 11, .now = 1, .interval = ASKED};
    r.left = (int64_t)draw_distance(&r.seed, ASKED);
    return r;
}

static void allocate(struct run *r, struct sums *s, uint64_t size)
{
    s->truth += (double)size;
    r->left -= (int64_t)size;
    if (r->left >= 0)
        return;
    struct draw d = draw_weight(&r->seed, size, r->interval);
    s->bytes += (double)d.bytes;
    s->var += (double)d.var;
    r->samples++;
    r->interval = alloc_pace_next(&r->pace, r->now, ASKED);
    r->left = (int64_t)draw_distance(&r->seed, r->interval);
}

/* A second in which a large block is made each STEP_NS, with as much in small ones every tenth time. */
static void second_of(struct run *r, struct sums *large, struct sums *small, uint64_t step_ns)
{
    uint64_t end = r->now + 1000 * (uint64_t)MS;
    for (int i = 0; r->now < end; i++, r->now += step_ns) {
        allocate(r, large, 400000);
        for (int k = 0; i % 10 == 0 && k < 100; k++)
            allocate(r, small, 4000);
    }
}

static void samples_come_no_faster_than_four_in_a_millisecond(void **state)
{
    struct run r = begin();
    struct sums large = {0}, small = {0};
    (void)state;
    second_of(&r, &large, &small, MS); /* 0.4 GB a second */
    assert_int_equal(r.interval, ASKED);
    assert_in_range(r.samples, 500, 900);
    uint64_t before = r.samples;
    second_of(&r, &large, &small, MS / 50); /* 22 GB: 40,000 samples as they are asked for */
    assert_in_range(r.samples - before, 1000, 4500);
    assert_in_range(r.interval, 4 * ASKED, 64 * ASKED);
    second_of(&r, &large, &small, MS);
    assert_int_equal(r.interval, ASKED);
}

static void check(const struct sums *s)
{
    double error = sqrt(s->var) * 1024;
    assert_true(fabs(s->bytes - s->truth) <= 5.5 * error);
    assert_true(error < 0.1 * s->truth);
}

/* Neither of what is made in haste, nor of what is made in between. */
static void estimates_stay_right(void **state)
{
    struct run r = begin();
    struct sums large = {0}, small = {0};
    (void)state;
    for (int i = 0; i < 12; i++)
        second_of(&r, &large, &small, i % 3 ? MS / 50 : MS / 2);
    check(&large);
    check(&small);
}

static void distances_have_a_bound(void **state)
{
    struct alloc_pace p = {.interval = 0};
    uint64_t interval = 0;
    (void)state;
    for (int i = 0; i < 10000; i++)
        interval = alloc_pace_next(&p, 1000, ASKED);
    assert_int_equal(interval, 64 * ASKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_no_faster_than_four_in_a_millisecond),
        cmocka_unit_test(estimates_stay_right),
        cmocka_unit_test(distances_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
