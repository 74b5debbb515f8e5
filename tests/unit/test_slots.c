/* slots: every thread counts somewhere, slots are used again, memory is there first. */
/* SOURCES: shim/fork_mark.c shim/kernel_filter.c shim/record/address.c shim/record/backing.c shim/record/config.c shim/record/framer.c shim/record/functions.c shim/record/intern.c shim/record/limits.c shim/record/memory_points.c shim/record/object_map.c shim/record/objects.c shim/record/orphans.c shim/record/pages.c shim/record/process_info.c shim/record/region.c shim/record/ring.c shim/record/sink.c shim/record/sink_fd.c shim/record/sink_file.c shim/record/sink_socket.c shim/record/slots.c shim/record/states.c shim/record/tables.c shim/record/trace_name.c shim/record/verbose.c shim/record/writer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "shim/record/pages.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/slots.h"

enum { MANY = ARENA_THREADS_MAX + 20 };

static struct arena_thread *slot_of[MANY];
static pthread_barrier_t all_there;

static int set_up(void **state)
{
    (void)state;
    slots_start();
    return 0;
}

static void without_an_arena_the_slot_is_dead(void **state)
{
    (void)state;
    assert_true(slot_is_dead(slot_now));
    assert_true(slot_is_dead(slot_get()));
    assert_int_equal(slot_now->calls[0].down_left, 0);
    assert_int_equal(region_create(), 0);
}

static int has_memory(const void *at, size_t n)
{
    size_t from = (size_t)((const char *)at - (const char *)arena), to = from + n;
    return pages_held(from / PAGE_BYTES, (to + PAGE_BYTES - 1) / PAGE_BYTES);
}

static void a_registered_slot_has_memory_for_every_function(void **state)
{
    static char code[300];
    (void)state;
    struct arena_thread *t = slot_get();
    assert_false(slot_is_dead(t));
    assert_ptr_equal(slot_get(), t);
    for (int i = 0; i < 300; i++) {
        uint32_t index = function_index(&code[i], FUNCTION_LUA_C, 0, NULL);
        assert_true(has_memory(&t->calls[index], sizeof t->calls[index]));
    }
    assert_true(has_memory(&t->c_alloc[0], sizeof t->c_alloc[0]));
    assert_true(has_memory(&t->owner_tid, sizeof *t - offsetof(struct arena_thread, owner_tid)));
    assert_false(has_memory(&t->calls[ARENA_FUNCTIONS_MAX - 1], sizeof t->calls[0]));
}

static void *take_one(void *arg)
{
    *(struct arena_thread **)arg = slot_get();
    return NULL;
}

static void a_slot_is_used_again_when_its_thread_ended(void **state)
{
    struct arena_thread *first, *second;
    pthread_t thread;
    (void)state;
    pthread_create(&thread, NULL, take_one, &first);
    pthread_join(thread, NULL);
    first->lua_calls_n = 42;
    pthread_create(&thread, NULL, take_one, &second);
    pthread_join(thread, NULL);
    assert_ptr_equal(first, second);
    assert_ptr_not_equal(first, slot_now);
    assert_int_equal(second->lua_calls_n, 42);
    assert_int_equal(atomic_load(&second->owner_tid), 0);
}

static void *take_and_wait(void *arg)
{
    *(struct arena_thread **)arg = slot_get();
    pthread_barrier_wait(&all_there);
    pthread_barrier_wait(&all_there);
    return NULL;
}

static void threads_beyond_the_last_slot_share_it(void **state)
{
    pthread_t thread[MANY];
    pthread_attr_t small;
    int sharing = 0;
    (void)state;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 * 1024);
    pthread_barrier_init(&all_there, NULL, MANY + 1);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(pthread_create(&thread[i], &small, take_and_wait, &slot_of[i]), 0);
    pthread_barrier_wait(&all_there);
    for (int i = 0; i < MANY; i++)
        for (int j = 0; j < i; j++)
            if (slot_of[i] == slot_of[j]) {
                assert_ptr_equal(slot_of[i], &arena->threads[ARENA_THREADS_MAX - 1]);
                sharing++;
                break;
            }
    assert_int_equal(sharing, MANY - (ARENA_THREADS_MAX - 1)); /* one slot is this thread's */
    assert_int_equal(atomic_load(&arena->losses[LOSS_THREADS_FULL]), sharing);
    assert_int_equal(atomic_load(&arena->threads_n), ARENA_THREADS_MAX);
    pthread_barrier_wait(&all_there);
    for (int i = 0; i < MANY; i++)
        pthread_join(thread[i], NULL);
    pthread_attr_destroy(&small);
    pthread_barrier_destroy(&all_there);
}

static void nobody_registers_while_the_arena_moves(void **state)
{
    struct arena_thread *other;
    pthread_t thread;
    (void)state;
    assert_true(slots_close_others());
    pthread_create(&thread, NULL, take_one, &other);
    pthread_join(thread, NULL);
    assert_true(slot_is_dead(other));
    slots_open_others();
    pthread_create(&thread, NULL, take_one, &other);
    pthread_join(thread, NULL);
    assert_false(slot_is_dead(other));
}

static void the_arena_stays_while_another_thread_uses_it(void **state)
{
    pthread_t thread;
    (void)state;
    pthread_barrier_init(&all_there, NULL, 2);
    pthread_create(&thread, NULL, take_and_wait, &slot_of[0]);
    pthread_barrier_wait(&all_there);
    assert_false(slots_close_others());
    assert_int_equal(region_share(NULL), 0); /* a name: nothing moves */
    region_remove();
    assert_int_equal(region_share(NULL), -1); /* another file: it would have to move */
    pthread_barrier_wait(&all_there);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&all_there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_arena_the_slot_is_dead),
        cmocka_unit_test(a_registered_slot_has_memory_for_every_function),
        cmocka_unit_test(a_slot_is_used_again_when_its_thread_ended),
        cmocka_unit_test(nobody_registers_while_the_arena_moves),
        cmocka_unit_test(the_arena_stays_while_another_thread_uses_it),
        cmocka_unit_test(threads_beyond_the_last_slot_share_it),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
