/* test_alloc_draw: sampled bytes are drawn as docs/FORMAT.md says: the mathematics against libm, the estimates against
 * what was allocated. */
/* SOURCES: shim/hooks/alloc_draw.c */
#include "tests/unit/unit.h"

#include <math.h>

#include "shim/hooks/alloc_draw.h"

static void logarithms_are_those_of_libm(void **state)
{
    (void)state;
    for (double x = 1e-17; x < 1e17; x *= 1.37)
        assert_true(fabs(draw_ln(x) - log(x)) < 1e-9 * (1 + fabs(log(x))));
}

static void probabilities_are_those_of_libm(void **state)
{
    (void)state;
    assert_true(draw_hit(0) == 0);
    for (double x = 1e-9; x < 100; x *= 1.1)
        assert_true(fabs(draw_hit(x) + expm1(-x)) <= 1e-9 * -expm1(-x));
}

/* Of many exponential draws the mean is the interval, and a share of 1/e is longer than that. */
static void distances_are_exponential(void **state)
{
    enum { N = 200000, INTERVAL = 100000 };
    uint64_t seed = 5;
    double sum = 0;
    int longer = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        uint64_t d = draw_distance(&seed, INTERVAL);
        sum += (double)d;
        longer += d > INTERVAL;
    }
    assert_true(fabs(sum / N / INTERVAL - 1) < 0.02);
    assert_true(fabs((double)longer / N - exp(-1)) < 0.01);
}

/* Allocates N blocks of SIZE under the countdown, as the hooks do; compares the sums with the truth. */
static void check_size(uint64_t size, int n)
{
    enum { INTERVAL = 4096 };
    uint64_t seed = size * 77 + 1;
    int64_t left = (int64_t)draw_distance(&seed, INTERVAL);
    double blocks = 0, bytes = 0, var = 0;
    for (int i = 0; i < n; i++) {
        left -= (int64_t)size;
        if (left >= 0)
            continue;
        struct draw d = draw_weight(&seed, size, INTERVAL);
        blocks += d.n;
        bytes += (double)d.bytes;
        var += (double)d.var;
        left = (int64_t)draw_distance(&seed, INTERVAL);
    }
    double error = sqrt(var) * 1024, truth = (double)size * n;
    assert_true(fabs(bytes - truth) <= 5 * error + 1);
    assert_true(fabs(blocks * (double)size - truth) <=
                5 * error + 5 * (double)size * sqrt(n) / 10 + 1);
    assert_true(error < 0.05 * truth); /* so that this says something */
}

static void estimates_are_unbiased_for_small_and_large_blocks(void **state)
{
    static const uint64_t sizes[] = {16, 56, 1000, 4096, 10000, 100000};
    (void)state;
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_size(sizes[i], 400000);
}

static void a_block_much_larger_than_the_interval_stands_for_itself(void **state)
{
    uint64_t seed = 9;
    struct draw d = draw_weight(&seed, 1 << 30, 4096);
    (void)state;
    assert_int_equal(d.n, 1);
    assert_int_equal(d.bytes, 1 << 30);
    assert_true(d.var == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithms_are_those_of_libm),
        cmocka_unit_test(probabilities_are_those_of_libm),
        cmocka_unit_test(distances_are_exponential),
        cmocka_unit_test(estimates_are_unbiased_for_small_and_large_blocks),
        cmocka_unit_test(a_block_much_larger_than_the_interval_stands_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
