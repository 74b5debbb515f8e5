/* functions: one index for each function, whoever comes first. */
/* SOURCES: shim/fork_mark.c shim/kernel_filter.c shim/record/address.c shim/record/backing.c shim/record/config.c shim/record/framer.c shim/record/functions.c shim/record/intern.c shim/record/limits.c shim/record/memory_points.c shim/record/object_map.c shim/record/objects.c shim/record/orphans.c shim/record/pages.c shim/record/process_info.c shim/record/region.c shim/record/ring.c shim/record/sink.c shim/record/sink_fd.c shim/record/sink_file.c shim/record/sink_socket.c shim/record/slots.c shim/record/states.c shim/record/tables.c shim/record/trace_name.c shim/record/verbose.c shim/record/writer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>

#include "shim/record/record_api.h"
#include "shim/record/region.h"

enum { THREADS = 8, ADDRESSES = 6000 };

static char code[ADDRESSES], few[2];
static uint32_t got[THREADS][ADDRESSES];
static uint32_t news[THREADS];
static pthread_barrier_t together;

static int set_up(void **state)
{
    (void)state;
    return region_create();
}

static void *insert_all(void *arg)
{
    uintptr_t me = (uintptr_t)arg;
    pthread_barrier_wait(&together);
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        /* Half of them meet at each address, half come from elsewhere. */
        uint32_t a = me % 2 ? i : (i + (uint32_t)me * 100) % ADDRESSES;
        int is_new = 0;
        uint32_t index = function_index(&code[a], FUNCTION_LUA_C, 0, &is_new);
        got[me][a] = index;
        news[me] += (uint32_t)is_new;
        if (index != FUNCTION_NONE && (arena->functions[index].address != (uintptr_t)&code[a] ||
                                       function_original[index] != (void *)&code[a]))
            got[me][a] = FUNCTION_NONE - 1; /* seen before it was complete */
    }
    return NULL;
}

static void insert_with_all_threads(void)
{
    pthread_t thread[THREADS];
    pthread_barrier_init(&together, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, insert_all, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&together);
}

static void eight_threads_with_6000_functions_agree(void **state)
{
    static uint8_t used[ARENA_FUNCTIONS_MAX];
    uint32_t held = 0, new_n = 0;
    (void)state;
    insert_with_all_threads();
    for (uint32_t a = 0; a < ADDRESSES; a++) {
        uint32_t index = got[0][a]; /* or refused, by all */
        for (int t = 0; t < THREADS; t++)
            assert_int_equal(got[t][a], index);
        if (index == FUNCTION_NONE)
            continue;
        assert_true(index < ARENA_FUNCTIONS_MAX);
        assert_false(used[index]);
        used[index] = 1;
        held++;
    }
    for (int t = 0; t < THREADS; t++)
        new_n += news[t];
    assert_int_equal(new_n, held);
    /* Three are from the tests before; races waste at most what each thread held at the end. */
    assert_in_range(held, ARENA_FUNCTIONS_MAX - 3 - THREADS, ARENA_FUNCTIONS_MAX - 3);
    assert_true(atomic_load(&arena->losses[LOSS_FUNCTIONS_FULL]) > 0);
}

static void a_forgotten_function_is_a_new_one_at_the_same_address(void **state)
{
    int is_new;
    (void)state;
    function_index(&few[0], FUNCTION_LUA_C, 0, &is_new);
    assert_true(is_new);
    uint32_t before = function_index(&few[0], FUNCTION_LUA_C, 0, &is_new);
    assert_int_not_equal(before, FUNCTION_NONE);
    assert_false(is_new);
    uint32_t other = function_index(&few[1], FUNCTION_LUA_C, 0, NULL);
    function_forget((uintptr_t)&few[0], (uintptr_t)&few[0] + 1);
    uint32_t after = function_index(&few[0], FUNCTION_LUA_C, 0, &is_new);
    assert_int_not_equal(after, before);
    assert_int_equal(function_index(&few[1], FUNCTION_LUA_C, 0, NULL), other);
    assert_int_equal(arena->functions[before].address, (uintptr_t)&few[0]);
}

static void names_are_kept_until_replaced(void **state)
{
    (void)state;
    uint32_t index = function_index(&few[1], FUNCTION_LUA_C, 0, NULL);
    uint32_t version = atomic_load(&arena->functions[index].version);
    function_name(index, 11, 12, 13);
    function_name(index, 21, 0, 0);
    assert_int_equal(atomic_load(&arena->functions[index].name), 21);
    assert_int_equal(atomic_load(&arena->functions[index].module), 12);
    assert_int_equal(atomic_load(&arena->functions[index].type_name), 13);
    assert_true(atomic_load(&arena->functions[index].version) > version);
    function_name(FUNCTION_NONE, 1, 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_kept_until_replaced),
        cmocka_unit_test(a_forgotten_function_is_a_new_one_at_the_same_address),
        cmocka_unit_test(eight_threads_with_6000_functions_agree),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
