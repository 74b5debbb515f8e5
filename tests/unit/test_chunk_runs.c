/* chunk_runs: a compiled chunk is known again, and nothing else is taken for it. */
/* SOURCES: shim/hooks/chunk_runs.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shim/hooks/chunk_runs.h"

/* Closures as the layout knows them: the prototype at 24. */
struct closure {
    const void *header[3];
    const void *proto;
};
static struct closure closures[20000];
static const void *on_top;

static const void *fake_topointer(lua_State *L, int idx)
{
    (void)L, (void)idx;
    return on_top;
}

static struct lua_copy copy = {.api = {.lua_topointer = fake_topointer},
                               .layout = {.verified = 1, .lclosure_proto = 24}};
static struct arena_chunk chunk;

static struct closure *add(int i, uint32_t name, enum chunk_origin origin)
{
    on_top = &closures[i];
    closures[i].proto = &closures[i].header;
    chunk_runs_add(&copy, NULL, &chunk, name, origin);
    return &closures[i];
}

static int find(const struct closure *k, struct chunk_run *r)
{
    return chunk_runs_find(&copy, k, r);
}

static void a_host_chunk_is_found_at_every_call(void **state)
{
    (void)state;
    struct chunk_run r;
    struct closure *k = add(1, 77, CHUNK_FILE);
    for (int i = 0; i < 3; i++) {
        assert_true(find(k, &r));
        assert_ptr_equal(r.chunk, &chunk);
        assert_int_equal(r.name, 77);
        assert_int_equal(r.origin, CHUNK_FILE);
    }
}

static void other_chunks_are_found_once(void **state)
{
    (void)state;
    struct chunk_run r;
    struct closure *k = add(2, 78, CHUNK_LOAD);
    assert_true(find(k, &r));
    assert_false(find(k, &r));
}

static void an_address_used_again_is_not_the_chunk(void **state)
{
    (void)state;
    struct chunk_run r;
    struct closure *k = add(3, 79, CHUNK_HOST);
    k->proto = &copy;
    assert_false(find(k, &r));
    k = add(3, 80, CHUNK_HOST);
    assert_true(find(k, &r));
    assert_int_equal(r.name, 80);
}

static void a_chunk_that_is_kept_outlives_thousands_that_are_not(void **state)
{
    (void)state;
    struct chunk_run r;
    struct closure *kept = add(4, 81, CHUNK_HOST);
    assert_true(find(kept, &r));
    assert_true(find(kept, &r));
    for (int i = 5; i < 20000; i++)
        find(add(i, 82, i % 2 ? CHUNK_HOST : CHUNK_LOAD), &r);
    assert_true(find(kept, &r));
    assert_int_equal(r.name, 81);
    assert_false(find(&closures[5], &r));
}

static void runs_are_counted_for_the_chunk(void **state)
{
    (void)state;
    struct chunk_run r = {&chunk, 1, CHUNK_HOST}, full = {NULL, 1, CHUNK_HOST};
    uint64_t before = chunk.run_n;
    chunk_run_begun(&r);
    chunk_run_returned(&r, 40);
    assert_int_equal(chunk.run_n, before + 1);
    assert_int_equal(chunk.run_ns, 40);
    chunk_run_begun(&full);
    chunk_run_returned(&full, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_chunk_is_found_at_every_call),
        cmocka_unit_test(other_chunks_are_found_once),
        cmocka_unit_test(an_address_used_again_is_not_the_chunk),
        cmocka_unit_test(a_chunk_that_is_kept_outlives_thousands_that_are_not),
        cmocka_unit_test(runs_are_counted_for_the_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
