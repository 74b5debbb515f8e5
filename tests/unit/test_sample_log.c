/* sample_log: when samples were taken stays true, however many they are. */
#include "collector/model/sample_log.h"
#include "tests/unit/unit.h"

static uint64_t periods_of(const struct sample_log *l, uint32_t from_bucket, uint32_t to_bucket)
{
    uint64_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i].bucket >= from_bucket && l->at[i].bucket < to_bucket)
            n += l->at[i].periods;
    return n;
}

static void entries_come_in_order_of_time_and_row(void **state)
{
    (void)state;
    struct sample_log *l = sample_log_new();
    sample_log_add(l, 5000000, 7, 1);
    sample_log_add(l, 1000000, 9, 2);
    sample_log_add(l, 5100000, 3, 1);
    sample_log_add(l, 5900000, 7, 4);
    assert_int_equal(sample_log_finish(l, 9000000, 100), 10);
    assert_int_equal(l->n, 3);
    assert_int_equal(l->at[0].bucket, 1);
    assert_int_equal(l->at[0].row, 9);
    assert_int_equal(l->at[1].row, 3);
    assert_int_equal(l->at[2].row, 7);
    assert_int_equal(l->at[2].periods, 5);
    sample_log_free(l);
}

static void more_than_fits_is_added_up_and_none_is_lost(void **state)
{
    (void)state;
    struct sample_log *l = sample_log_new();
    l->max = 1000;
    for (uint32_t i = 0; i < 100000; i++)
        sample_log_add(l, i * UINT64_C(1000000), i % 3, 2);
    assert_true(l->n <= 1000);
    size_t bucket_n = sample_log_finish(l, 100000ull * 1000000, 4096);
    assert_false(l->given_up);
    assert_int_equal(periods_of(l, 0, UINT32_MAX), 200000);
    /* the second half of the time has half of them, to within one bucket */
    uint64_t half = 50000ull * 1000000 / l->bucket_ns, slack = 2 * l->bucket_ns / 1000000;
    uint64_t there = periods_of(l, (uint32_t)half, (uint32_t)bucket_n);
    assert_true(there >= 100000 && there <= 100000 + slack);
    sample_log_free(l);
}

static void what_can_not_fit_is_given_up_as_a_whole(void **state)
{
    (void)state;
    struct sample_log *l = sample_log_new();
    l->max = 1000;
    for (uint32_t i = 0; i < 5000; i++)
        sample_log_add(l, i * UINT64_C(1000000), i, 1);
    assert_true(l->given_up);
    assert_int_equal(l->n, 0);
    sample_log_free(l);
}

static void buckets_reach_to_the_end_in_no_more_than_asked(void **state)
{
    (void)state;
    struct sample_log *l = sample_log_new();
    sample_log_add(l, 3600ull * 1000000000, 0, 1);
    size_t n = sample_log_finish(l, 7200ull * 1000000000, 4096);
    assert_true(n <= 4096 && n > 1024);
    assert_true(n * l->bucket_ns > 7200ull * 1000000000);
    sample_log_free(l);
}

static void without_samples_there_is_one_empty_bucket_at_least(void **state)
{
    (void)state;
    struct sample_log *l = sample_log_new();
    assert_int_equal(sample_log_finish(l, 0, 4096), 1);
    assert_int_equal(l->n, 0);
    sample_log_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_in_order_of_time_and_row),
        cmocka_unit_test(more_than_fits_is_added_up_and_none_is_lost),
        cmocka_unit_test(what_can_not_fit_is_given_up_as_a_whole),
        cmocka_unit_test(buckets_reach_to_the_end_in_no_more_than_asked),
        cmocka_unit_test(without_samples_there_is_one_empty_bucket_at_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
