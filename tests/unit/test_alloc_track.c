/* test_alloc_track: what is followed is found once, by whoever releases it. */
/* SOURCES: shim/hooks/alloc_track.c */
#include "tests/unit/unit.h"

#include <pthread.h>

#include "shim/hooks/alloc_track.h"

static void *block(uintptr_t i)
{
    return (void *)(UINT64_C(0x7f0000001000) + i * 48);
}

static void a_block_is_taken_out_once(void **state)
{
    struct tracked t = {.site = 7, .n = 3, .bytes = 100}, out;
    (void)state;
    assert_false(track_may_hold(TRACK_LUA, block(1)));
    assert_int_equal(track_add(TRACK_LUA, block(1), &t), 0);
    assert_true(track_may_hold(TRACK_LUA, block(1)));
    assert_int_equal(track_take(TRACK_LUA, block(2), &out), 0);
    assert_int_equal(track_take(TRACK_LUA, block(1), &out), 1);
    assert_int_equal(out.site, 7);
    assert_int_equal(out.bytes, 100);
    assert_int_equal(track_take(TRACK_LUA, block(1), &out), 0);
    assert_false(track_may_hold(TRACK_LUA, block(1)));
}

static void the_same_address_in_both_heaps_is_two_blocks(void **state)
{
    struct tracked lua = {.site = 1}, c = {.site = 2}, out;
    (void)state;
    track_add(TRACK_LUA, block(1), &lua);
    track_add(TRACK_C, block(1), &c);
    assert_int_equal(track_take(TRACK_C, block(1), &out), 1);
    assert_int_equal(out.site, 2);
    assert_int_equal(track_take(TRACK_C, block(1), &out), 0);
    assert_int_equal(track_take(TRACK_LUA, block(1), &out), 1);
    assert_int_equal(out.site, 1);
}

static void a_block_may_have_several_entries(void **state)
{
    struct tracked a = {.site = 1}, b = {.site = 2}, out;
    uint32_t sites = 0;
    (void)state;
    track_add(TRACK_LUA, block(5), &a);
    track_add(TRACK_LUA, block(5), &b);
    while (track_take(TRACK_LUA, block(5), &out))
        sites += out.site;
    assert_int_equal(sites, 3);
}

static void neighbours_are_two_blocks_however_near(void **state)
{
    struct tracked out;
    char *p = block(9);
    (void)state;
    for (uint32_t i = 0; i < 64; i++)
        track_add(TRACK_LUA, p + i, &(struct tracked){.site = i + 1});
    for (uint32_t i = 64; i-- > 0;) {
        assert_int_equal(track_take(TRACK_LUA, p + i, &out), 1);
        assert_int_equal(out.site, i + 1);
    }
}

static void many_blocks_are_all_found_and_the_rest_is_refused(void **state)
{
    enum { N = 200000 };
    static int kept[N];
    struct tracked out;
    int kept_n = 0;
    uint32_t room = track_start(0);
    (void)state;
    for (int i = 0; i < N; i++) {
        struct tracked t = {.site = (uint32_t)i + 1};
        kept[i] = track_add(TRACK_C, block((uintptr_t)i), &t) == 0;
        kept_n += kept[i];
    }
    assert_in_range(kept_n, room / 2, room);
    for (int i = 0; i < N; i++) {
        assert_int_equal(track_take(TRACK_C, block((uintptr_t)i), &out), kept[i]);
        if (kept[i])
            assert_int_equal(out.site, i + 1);
    }
}

static struct tracked owned(uint32_t site, uint32_t i)
{
    return (struct tracked){.site = site, .owner = track_owner(i)};
}

static void what_was_dropped_is_nobodys(void **state)
{
    struct tracked mine = owned(1, 3), others = owned(2, 4), later, out;
    (void)state;
    track_add(TRACK_LUA, block(1), &mine);
    track_add(TRACK_LUA, block(2), &mine);
    track_add(TRACK_LUA, block(1), &others);
    track_drop(3);
    later = owned(3, 3);
    track_add(TRACK_LUA, block(2), &later);
    assert_int_equal(track_take(TRACK_LUA, block(1), &out), 1);
    assert_int_equal(out.site, 2);
    assert_int_equal(track_take(TRACK_LUA, block(1), &out), 0);
    assert_int_equal(track_take(TRACK_LUA, block(2), &out), 1);
    assert_int_equal(out.site, 3);
    assert_int_equal(track_take(TRACK_LUA, block(2), &out), 0);
    assert_false(track_may_hold(TRACK_LUA, block(1)));
    assert_false(track_may_hold(TRACK_LUA, block(2)));
}

static void what_was_dropped_makes_room(void **state)
{
    struct tracked out;
    uint32_t room = track_start(0), lost = 0;
    (void)state;
    for (uint32_t life = 0; life < 20; life++) {
        struct tracked t = owned(life, 5);
        for (uintptr_t i = 0; i < room / 4; i++)
            lost += track_add(TRACK_C, block(life * 7 + i), &t) != 0;
        track_drop(5);
    }
    assert_int_equal(lost, 0);
    for (uintptr_t i = 0; i < room; i++)
        assert_int_equal(track_take(TRACK_C, block(i), &out), 0);
}

static void *add_and_take(void *arg)
{
    uintptr_t base = (uintptr_t)arg * 1000;
    uintptr_t wrong = 0;
    for (int round = 0; round < 200; round++)
        for (uintptr_t i = 0; i < 100; i++) {
            struct tracked t = {.site = (uint32_t)(base + i)}, out = {0};
            track_add(TRACK_C, block(base + i), &t);
            wrong += track_take(TRACK_C, block(base + i), &out) != 1 || out.site != base + i;
        }
    return (void *)wrong;
}

static void threads_do_not_meet(void **state)
{
    pthread_t t[4];
    void *wrong;
    (void)state;
    for (uintptr_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, add_and_take, (void *)(i + 1)), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], &wrong);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_taken_out_once),
        cmocka_unit_test(the_same_address_in_both_heaps_is_two_blocks),
        cmocka_unit_test(a_block_may_have_several_entries),
        cmocka_unit_test(neighbours_are_two_blocks_however_near),
        cmocka_unit_test(many_blocks_are_all_found_and_the_rest_is_refused),
        cmocka_unit_test(what_was_dropped_is_nobodys),
        cmocka_unit_test(what_was_dropped_makes_room),
        cmocka_unit_test(threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
