/* test_memory_points: the heap over time has few points however long the run. */
/* SOURCES: shim/record/memory_points.c */
#include "tests/unit/unit.h"

#include "shim/record/process_info.h"
#include "shim/record/region.h"
#include "tests/unit/fake_record.h"

uint64_t process_info_rss_bytes(void)
{
    return 4096;
}

int region_reserve(const void *at, size_t n)
{
    (void)at, (void)n;
    return 0;
}

static const uint64_t second = 1000000000;

/* Points of a run in which somebody asks each STEP ns. */
static uint64_t points(uint64_t run_ns, uint64_t step)
{
    fake_start();
    arena->memory_used = 1;
    for (uint64_t now = 1; now <= run_ns; now += step)
        memory_point(now);
    return arena->memory.points_n;
}

static void short_runs_have_a_point_each_ten_milliseconds(void **state)
{
    (void)state;
    assert_int_equal(points(second, second / 1000), 100);
}

static void the_number_of_points_grows_with_the_logarithm_of_the_run(void **state)
{
    (void)state;
    uint64_t minute = points(60 * second, second / 200);
    uint64_t hour = points(3600 * second, second / 100);
    uint64_t month = points(30 * 24 * 3600 * second, 10 * second);
    assert_in_range(minute, 256, 256 * 5);
    assert_in_range(hour, minute, 256 * 11);
    assert_in_range(month, 256, 256 * 20);
}

static void the_distance_doubles_and_never_falls(void **state)
{
    uint64_t last = 0, before = 0, distance = 0;
    (void)state;
    fake_start();
    arena->memory_used = 1;
    for (uint64_t now = 1; now <= 120 * second; now += second / 1000) {
        uint64_t n = arena->memory.points_n;
        memory_point(now);
        if (arena->memory.points_n == n)
            continue;
        if (n > 1)
            assert_true(last - before <= now - last);
        before = last;
        last = now;
        distance = now - before;
    }
    assert_in_range(distance, second / 10, second); /* 10 ms, doubled some times */
}

static void nothing_is_noted_without_memory(void **state)
{
    (void)state;
    fake_start();
    memory_point(second);
    assert_int_equal(arena->memory.points_n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_runs_have_a_point_each_ten_milliseconds),
        cmocka_unit_test(the_number_of_points_grows_with_the_logarithm_of_the_run),
        cmocka_unit_test(the_distance_doubles_and_never_falls),
        cmocka_unit_test(nothing_is_noted_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
