/* objects: addresses belong to the right object, while the list is being replaced. */
/* SOURCES: shim/fork_mark.c shim/kernel_filter.c shim/record/address.c shim/record/backing.c shim/record/config.c shim/record/framer.c shim/record/functions.c shim/record/intern.c shim/record/limits.c shim/record/memory_points.c shim/record/object_map.c shim/record/objects.c shim/record/orphans.c shim/record/pages.c shim/record/process_info.c shim/record/region.c shim/record/ring.c shim/record/sink.c shim/record/sink_fd.c shim/record/sink_file.c shim/record/sink_socket.c shim/record/slots.c shim/record/states.c shim/record/tables.c shim/record/trace_name.c shim/record/verbose.c shim/record/writer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "shim/record/objects.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "tests/unit/seen_records.h"

static int set_up(void **state)
{
    (void)state;
    if (region_create())
        return -1;
    objects_refresh();
    return 0;
}

static int find_object(const char *part)
{
    for (uint32_t i = 0; i < atomic_load(&arena->objects_n); i++) {
        struct arena_string *s =
            (void *)(arena->strings + (size_t)(arena->objects[i].path - 1) * 8);
        if (memmem(s->bytes, s->length_plus_1 - 1, part, strlen(part)))
            return (int)i;
    }
    return -1;
}

static void code_belongs_to_its_object(void **state)
{
    (void)state;
    void *in_libc = dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
    assert_int_equal(object_of((void *)(uintptr_t)set_up), find_object("test_objects"));
    assert_int_equal(object_of(in_libc), find_object("libc.so"));
    assert_int_equal(object_of_caller(in_libc), find_object("libc.so"));
    assert_int_equal(object_of_caller((char *)in_libc + 1), find_object("libc.so"));
    assert_int_equal(object_of((void *)(uintptr_t)8), -1);
    assert_int_equal(object_of(state), -1); /* the stack */
    assert_int_equal(object_of_caller((void *)~(uintptr_t)0), -1);
}

static void objects_have_build_ids_and_are_defined(void **state)
{
    struct rec_object r;
    (void)state;
    int libc = find_object("libc.so");
    seen_snapshot(arena, 0);
    assert_true(SEEN(object, (unsigned)libc, &r));
    assert_int_equal(r.id, libc);
    assert_int_equal(r.build_id.n, 20);
    assert_true(r.hi > r.lo && r.bias == r.lo);
}

static void an_unloaded_object_is_marked_and_comes_back(void **state)
{
    (void)state;
    void *lib = dlopen("libutil.so.1", RTLD_NOW);
    if (!lib)
        skip();
    objects_refresh();
    int id = find_object("libutil");
    assert_true(id >= 0);
    assert_false(arena->objects[id].unloaded);
    void *code = (void *)(uintptr_t)(arena->objects[id].lo + 100);
    assert_int_equal(object_of(code), id);
    dlclose(lib);
    objects_refresh();
    assert_true(arena->objects[id].unloaded);
    assert_int_equal(object_of(code), -1);
    assert_int_equal(object_of_caller(code), -1);
    uint32_t n = atomic_load(&arena->objects_n);
    for (int i = 0; i < 5; i++) {
        lib = dlopen("libutil.so.1", RTLD_NOW);
        objects_refresh();
        dlclose(lib);
        objects_refresh();
    }
    assert_in_range(atomic_load(&arena->objects_n), n, n + 5);
}

/* ---- notes ---- */

static void damaged_notes_have_no_build_id(void **state)
{
    static const uint8_t good[] = {4, 0, 0,   0,   3,   0, 0, 0, 3, 0,
                                   0, 0, 'G', 'N', 'U', 0, 7, 8, 9, 0};
    uint8_t out[BUILD_ID_MAX], bytes[sizeof good];
    (void)state;
    assert_int_equal(object_build_id(good, sizeof good, out), 3);
    assert_int_equal(out[2], 9);
    assert_int_equal(object_build_id(good, 18, out), 0);
    for (size_t at = 0; at < 12; at++)
        for (int v = 0; v < 256; v += 5) {
            memcpy(bytes, good, sizeof good);
            bytes[at] = (uint8_t)v;
            for (size_t n = 0; n <= sizeof bytes; n++)
                assert_true(object_build_id(bytes, n, out) <= 3 + 1);
        }
}

/* ---- while it changes ---- */

enum { RANGES = 100, WIDTH = 1000 };
static _Atomic int stop;

/* Two lists in turn, with the same ranges under different ids: id % RANGES tells the range. */
static void *replace(void *unused)
{
    static struct object_range list[2][RANGES];
    (void)unused;
    for (uint32_t v = 0; v < 2; v++)
        for (uint32_t i = 0; i < RANGES; i++)
            list[v][i] =
                (struct object_range){i * WIDTH + v, i * WIDTH + WIDTH - v, i + v * RANGES};
    for (int i = 0; i < 200000; i++)
        object_map_replace(list[i % 2], RANGES - (uint32_t)(i % 2));
    stop = 1;
    return NULL;
}

static void readers_never_see_half_a_list(void **state)
{
    pthread_t thread;
    uint64_t looked = 0;
    (void)state;
    object_map_replace((struct object_range[]){{0, WIDTH, 0}}, 1);
    stop = 0;
    pthread_create(&thread, NULL, replace, NULL);
    while (!stop) {
        for (uint32_t i = 0; i < RANGES - 1; i++) {
            void *at = (void *)(uintptr_t)(i * WIDTH + WIDTH / 2);
            int id = object_of(at), cached = object_of_caller(at);
            if ((id >= 0 && (uint32_t)id % RANGES != i) ||
                (cached >= 0 && (uint32_t)cached % RANGES != i))
                fail_msg("%u: found %d and %d", i, id, cached);
            looked++;
        }
    }
    pthread_join(thread, NULL);
    assert_true(looked > 0);
    objects_refresh();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_belongs_to_its_object),
        cmocka_unit_test(objects_have_build_ids_and_are_defined),
        cmocka_unit_test(an_unloaded_object_is_marked_and_comes_back),
        cmocka_unit_test(damaged_notes_have_no_build_id),
        cmocka_unit_test(readers_never_see_half_a_list),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
