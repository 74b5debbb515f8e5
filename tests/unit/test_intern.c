/* intern: the same bytes give the same id, for every thread. */
/* SOURCES: shim/fork_mark.c shim/kernel_filter.c shim/record/address.c shim/record/backing.c shim/record/config.c shim/record/framer.c shim/record/functions.c shim/record/intern.c shim/record/limits.c shim/record/memory_points.c shim/record/object_map.c shim/record/objects.c shim/record/orphans.c shim/record/pages.c shim/record/process_info.c shim/record/region.c shim/record/ring.c shim/record/sink.c shim/record/sink_fd.c shim/record/sink_file.c shim/record/sink_socket.c shim/record/slots.c shim/record/states.c shim/record/tables.c shim/record/trace_name.c shim/record/verbose.c shim/record/writer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "tests/unit/seen_records.h"

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(intern("x", 1), 0); /* dormant */
    return region_create();
}

static void the_same_bytes_give_the_same_id(void **state)
{
    char long_one[5000];
    (void)state;
    memset(long_one, 'y', sizeof long_one);
    uint32_t a = intern_z("string"), b = intern("strings", 7);
    assert_true(a && b && a != b);
    assert_int_equal(intern("stringsX", 6), a);
    assert_int_equal(intern_z(NULL), 0);
    assert_true(intern("", 0) != 0);
    assert_int_equal(intern("a\0b", 3), intern("a\0b", 3));
    assert_int_not_equal(intern("a\0b", 3), intern("a\0c", 3));
    assert_int_equal(intern(long_one, 5000), intern(long_one, 4000));
}

static void each_string_is_defined_once(void **state)
{
    struct rec_string r;
    (void)state;
    uint32_t id = intern_z("defined once");
    seen_snapshot(arena, 0);
    unsigned n = seen_count(REC_string);
    assert_true(n > 0 && SEEN(string, n - 1, &r));
    assert_int_equal(r.id, id);
    assert_int_equal(r.bytes.n, 12);
    assert_memory_equal(r.bytes.at, "defined once", 12);
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_string), 0);
    snapshot_redefine(arena);
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_string), n);
}

/* ---- threads ---- */

enum { THREADS = 8, STRINGS = 3000 };
static uint32_t ids[THREADS][STRINGS];
static pthread_barrier_t together;

static void *intern_all(void *arg)
{
    uintptr_t me = (uintptr_t)arg;
    char z[64];
    pthread_barrier_wait(&together);
    for (uint32_t i = 0; i < STRINGS; i++) {
        snprintf(z, sizeof z, "a string, number %u", i);
        ids[me][i] = intern_z(z);
    }
    return NULL;
}

static void threads_agree(void **state)
{
    pthread_t thread[THREADS];
    char z[64];
    (void)state;
    pthread_barrier_init(&together, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, intern_all, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (uint32_t i = 0; i < STRINGS; i++) {
        snprintf(z, sizeof z, "a string, number %u", i);
        uint32_t id = intern_z(z);
        for (int t = 0; t < THREADS; t++)
            assert_int_equal(ids[t][i], id);
        struct arena_string *s = (void *)(arena->strings + (size_t)(id - 1) * 8);
        assert_memory_equal(s->bytes, z, strlen(z));
    }
    pthread_barrier_destroy(&together);
}

static void a_gap_left_by_a_dead_writer_is_stepped_over(void **state)
{
    (void)state;
    seen_snapshot(arena, 0);
    uint32_t gap = intern_z("never finished, as it were"), last = intern_z("behind the gap");
    struct arena_string *s = (void *)(arena->strings + (size_t)(gap - 1) * 8);
    uint32_t size = (last - gap) * 8;
    atomic_store(&s->length_plus_1, 0);
    s->hash = size;
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_string), 0);
    seen_snapshot(arena, 1);
    assert_int_equal(seen_count(REC_string), 1);

    memset(s, 0, size); /* not even its size was noted */
    snapshot_redefine(arena);
    seen_snapshot(arena, 1);
    unsigned all = seen_count(REC_string);

    snapshot_restart(arena); /* a fork's child: nobody will finish it */
    seen_snapshot(arena, 0);
    assert_int_equal(seen_count(REC_string), all + size / 8);
}

static void a_full_table_is_counted(void **state)
{
    char z[1000];
    uint32_t id, n = 0;
    (void)state;
    memset(z, 'z', sizeof z);
    do
        id = intern(z, (size_t)snprintf(z, sizeof z, "%08u", n++) + 900);
    while (id && n < 5000);
    assert_int_equal(id, 0);
    assert_true(atomic_load(&arena->losses[LOSS_STRINGS_FULL]) > 0);
    assert_true(atomic_load(&arena->strings_used) <= ARENA_STRINGS_BYTES);
    assert_true(intern_z("string") != 0); /* what is known stays known */
    seen_snapshot(arena, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_give_the_same_id),
        cmocka_unit_test(each_string_is_defined_once),
        cmocka_unit_test(threads_agree),
        cmocka_unit_test(a_gap_left_by_a_dead_writer_is_stepped_over),
        cmocka_unit_test(a_full_table_is_counted),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
