/* The C allocator interposed: this program's own malloc family is the shim's. */
/* SOURCES: shim/fork_mark.c shim/hooks/alloc_track.c shim/hooks/cheap.c shim/hooks/cheap_check.c shim/hooks/ccount.c shim/real.c */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/hooks/ccount.h"
#include "shim/hooks/cheap.h"
#include "shim/hooks/heap.h"
#include "shim/real.h"
#include "shim/record/record_api.h"
#include "tests/unit/fake_alloc.h"

/* ---- the recording side ---- */

enum { MINE = 7, OTHERS = 3 };

struct arena *arena;
static struct arena *the_arena;
static struct arena_thread thread, dead;
SHIM_TLS struct arena_thread *slot_now = &dead;
SHIM_TLS uintptr_t heap_inside;
static volatile int counting_mine; /* calls to libc are not known to read it */
static int registers_n, register_allocates, uncovered_n;
static const void *foreign; /* a function that another library brings */

struct arena_thread *slot_get(void)
{
    if (!slot_is_dead(slot_now))
        return slot_now;
    registers_n++;
    if (register_allocates)
        free(malloc(100));
    return slot_now = &thread;
}

int slot_is_dead(const struct arena_thread *t)
{
    return t == &dead;
}

int object_of(const void *p)
{
    return p == foreign ? OTHERS : MINE;
}

/* Calls between BEGIN and END are the test's own, the rest cmocka's. */
int object_of_caller(const void *p)
{
    assert_non_null(p);
    return counting_mine ? MINE : OTHERS;
}

void uncovered_note(const char *what, const char *reason, uint32_t copy)
{
    (void)what;
    (void)reason;
    (void)copy;
    uncovered_n++;
}

#define BEGIN (counting_mine = 1)
#define END (counting_mine = 0)

static struct arena_c_alloc *mine = &thread.c_alloc[MINE + 1];

/* Through volatile pointers: the compiler knows these functions and would drop calls. */
static void *(*volatile malloc_)(size_t) = malloc;
static void *(*volatile calloc_)(size_t, size_t) = calloc;
static void *(*volatile realloc_)(void *, size_t) = realloc;
static void *(*volatile reallocarray_)(void *, size_t, size_t) = reallocarray;
static void (*volatile free_)(void *) = free;
void cfree(void *p);
static void (*volatile cfree_)(void *) = cfree;

static int set_up(void **state)
{
    (void)state;
    memset(&thread, 0, sizeof thread);
    slot_now = &thread;
    arena = the_arena;
    arena->c_live_bytes = arena->c_peak_bytes = 0;
    heap_inside = 0;
    counting_mine = registers_n = register_allocates = 0;
    foreign = NULL;
    return 0;
}

/* ---- sampling ---- */

static void a_block_is_sampled_and_followed_through_resizes_to_its_release(void **state)
{
    struct tracked t = {.site = 1, .n = 1, .bytes = 100};
    (void)state;
    memset(&fake_alloc, 0, sizeof fake_alloc);
    alloc_c_left = 99;
    void *p = malloc_(100);
    assert_int_equal(fake_alloc.new_n, 1);
    assert_ptr_equal(fake_alloc.block, p);
    assert_int_equal(fake_alloc.bytes, malloc_usable_size(p));
    track_add(TRACK_C, p, &t);
    size_t before = malloc_usable_size(p);
    p = realloc_(p, 300000);
    assert_int_equal(fake_alloc.moved_n, 1);
    assert_ptr_equal(fake_alloc.block, p);
    assert_int_equal(fake_alloc.before, before);
    assert_int_equal(fake_alloc.after, malloc_usable_size(p));
    alloc_c_left = 10;
    p = realloc_(p, 600000);
    assert_int_equal(fake_alloc.grown_n, 1);
    free_(p);
    assert_int_equal(fake_alloc.gone_n, 1);
    p = malloc_(50);
    track_add(TRACK_C, p, &t);
    assert_null(realloc_(p, 0)); /* glibc frees */
    assert_int_equal(fake_alloc.gone_n, 2);
}

static void a_block_of_c_that_luas_allocator_frees_is_gone(void **state)
{
    struct tracked t = {.site = 1, .n = 1, .bytes = 100};
    (void)state;
    memset(&fake_alloc, 0, sizeof fake_alloc);
    void *p = malloc_(100);
    track_add(TRACK_C, p, &t);
    heap_inside = stack_now();
    free_(p);
    heap_inside = 0;
    assert_int_equal(fake_alloc.gone_n, 1);
}

/* ---- counting ---- */

static void blocks_count_for_the_caller(void **state)
{
    (void)state;
    BEGIN;
    void *p = malloc_(100);
    void *q = calloc_(3, 50);
    END;
    assert_int_equal(mine->alloc_n, 2);
    assert_int_equal(mine->alloc_bytes, 250);
    size_t usable = malloc_usable_size(p) + malloc_usable_size(q);
    assert_int_equal(mine->usable_bytes, usable);
    assert_true(thread.c_gross_bytes >= usable);
    for (int i = 0; i < 150; i++)
        assert_int_equal(((char *)q)[i], 0);
    BEGIN;
    free_(p);
    cfree_(q);
    free_(NULL);
    END;
    assert_int_equal(mine->free_n, 2);
    assert_int_equal(mine->free_bytes, usable);
}

static void realloc_is_what_it_does(void **state)
{
    (void)state;
    BEGIN;
    void *p = realloc_(NULL, 100); /* an allocation */
    size_t small = malloc_usable_size(p);
    p = realloc_(p, 100000); /* a resize */
    size_t large = malloc_usable_size(p);
    assert_int_equal(mine->alloc_n, 1);
    assert_int_equal(mine->alloc_bytes, 100);
    assert_int_equal(mine->realloc_n, 1);
    assert_int_equal(mine->usable_bytes, large);
    p = realloc_(p, 100);
    assert_int_equal(mine->realloc_n, 2);
    assert_int_equal(mine->usable_bytes - mine->free_bytes, malloc_usable_size(p));
    assert_int_equal(mine->free_n, 0);
    assert_null(realloc_(p, 0)); /* glibc frees */
    END;
    assert_int_equal(mine->free_n, 1);
    assert_int_equal(mine->usable_bytes, mine->free_bytes);
    assert_true(small >= 100);
}

static void reallocarray_counts_once_and_knows_overflow(void **state)
{
    (void)state;
    BEGIN;
    void *p = reallocarray_(NULL, 10, 10);
    p = reallocarray_(p, 1000, 10);
    errno = 0;
    assert_null(reallocarray_(p, SIZE_MAX / 2, 3));
    END;
    assert_int_equal(errno, ENOMEM);
    assert_int_equal(mine->alloc_n, 1);
    assert_int_equal(mine->realloc_n, 1);
    assert_int_equal(mine->fail_n, 1);
    free_(p);
}

static void aligned_blocks_count(void **state)
{
    (void)state;
    void *p[5] = {NULL};
    BEGIN;
    assert_int_equal(posix_memalign(&p[0], 64, 100), 0);
    p[1] = aligned_alloc(256, 512);
    p[2] = memalign(32, 10);
    p[3] = valloc(10);
    p[4] = pvalloc(10);
    END;
    assert_int_equal(mine->alloc_n, 5);
    assert_int_equal(mine->alloc_bytes, 642);
    assert_int_equal((uintptr_t)p[0] % 64 + (uintptr_t)p[1] % 256 + (uintptr_t)p[3] % 4096, 0);
    BEGIN;
    for (int i = 0; i < 5; i++)
        free_(p[i]);
    END;
    assert_int_equal(mine->free_n, 5);
    assert_int_equal(mine->free_bytes, mine->usable_bytes);
}

static void blocks_of_another_allocator_are_not_asked_for_their_size(void **state)
{
    (void)state;
    foreign = (const void *)(uintptr_t)real.memalign;
    BEGIN;
    void *p = memalign(64, 10);
    END;
    assert_int_equal(mine->alloc_n, 1);
    assert_int_equal(mine->usable_bytes, 0);
    free_(p);
}

static void refusals_count_and_keep_their_errors(void **state)
{
    (void)state;
    void *p = &p, *was = p;
    BEGIN;
    errno = 0;
    assert_null(malloc_(SIZE_MAX / 2));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(calloc_(SIZE_MAX / 2, 4));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_int_equal(posix_memalign(&p, 3, 8), EINVAL);
    assert_int_equal(errno, 0);
    assert_ptr_equal(p, was);
    assert_int_equal(posix_memalign(&p, 16, SIZE_MAX / 2), ENOMEM);
    assert_ptr_equal(p, was);
    p = malloc_(10);
    assert_null(realloc_(p, SIZE_MAX / 2));
    END;
    assert_int_equal(mine->fail_n, 5);
    assert_int_equal(mine->alloc_n, 1);
    assert_int_equal(mine->realloc_n, 0);
    free_(p);
}

static void success_leaves_errno_alone(void **state)
{
    (void)state;
    errno = 12345;
    free_(realloc_(malloc_(10), 10000));
    free_(calloc_(1, 1));
    assert_int_equal(errno, 12345);
}

static void the_level_is_published_in_steps(void **state)
{
    (void)state;
    void *p = malloc_(60000);
    assert_int_equal(arena->c_live_bytes, 0);
    void *q = malloc_(10000);
    assert_true(arena->c_live_bytes >= 70000);
    int64_t level = arena->c_live_bytes;
    assert_int_equal(arena->c_peak_bytes, level);
    free_(p);
    free_(q);
    assert_true(arena->c_live_bytes < level);
    assert_int_equal(arena->c_peak_bytes, level);
    assert_int_equal(arena->c_live_bytes + thread.c_unpublished, thread.c_live_bytes);
}

/* ---- Lua's share ---- */

static void calls_below_lua_s_allocator_are_lua_s(void **state)
{
    (void)state;
    BEGIN;
    heap_inside = stack_now();
    void *p = malloc_(10);
    p = realloc_(p, 100);
    free_(p);
    free_(calloc_(2, 2));
    free_(memalign(64, 64));
    free_(reallocarray_(NULL, 2, 2));
    heap_inside = 0;
    END;
    assert_int_equal(thread.lua_calls_n, 9);
    assert_int_equal(mine->alloc_n + mine->realloc_n + mine->free_n, 0);
}

static __attribute__((noinline)) uintptr_t deeper(void)
{
    return stack_now() - 1000;
}

static void a_stale_mark_is_noticed_from_above(void **state)
{
    (void)state;
    heap_inside = deeper(); /* left by a throw from down there */
    BEGIN;
    void *p = malloc_(10);
    END;
    assert_int_equal(heap_inside, 0);
    assert_int_equal(mine->alloc_n, 1);
    assert_int_equal(thread.lua_calls_n, 0);
    free_(p);
}

/* ---- when nothing is counted ---- */

static void a_dormant_process_counts_nothing(void **state)
{
    (void)state;
    arena = NULL;
    BEGIN;
    void *p = malloc_(10), *q = NULL;
    p = realloc_(p, 20);
    assert_int_equal(posix_memalign(&q, 16, 16), 0);
    free_(p);
    free_(q);
    END;
    arena = the_arena;
    assert_int_equal(mine->alloc_n + mine->realloc_n + mine->free_n, 0);
}

static void a_thread_is_registered_by_its_first_call_even_if_that_allocates(void **state)
{
    (void)state;
    slot_now = &dead;
    register_allocates = 1;
    BEGIN;
    void *p = malloc_(10);
    END;
    assert_int_equal(registers_n, 1);
    assert_int_equal(mine->alloc_n, 1);
    assert_int_equal(dead.c_alloc[MINE + 1].alloc_n, 0);
    free_(p);
}

static void boot_blocks_move_on_and_are_never_freed(void **state)
{
    (void)state;
    char *p = real_boot_alloc(100, 16);
    memset(p, 'x', 100);
    BEGIN;
    char *q = realloc_(p, 200);
    assert_false(real_is_boot(q));
    assert_int_equal(q[99], 'x');
    assert_int_equal(p[99], 'x');
    free_(p);
    arena = NULL;
    free_(p);
    arena = the_arena;
    assert_int_equal(mine->free_n, 0);
    free_(q);
    assert_int_equal(mine->free_n, 1);
    assert_null(realloc_(p, 0));
    END;
}

/* While the first look-up runs, members are NULL. */
static void before_anything_is_known_blocks_come_from_the_boot_heap(void **state)
{
    (void)state;
    struct real known = real;
    memset(&real, 0, sizeof real);
    void *p = malloc_(10), *q = calloc_(2, 10), *r = realloc_(NULL, 10), *s = memalign(64, 10);
    void *huge = malloc_(REAL_BOOT_BYTES + 1), *overflow = calloc_(SIZE_MAX, 2);
    free_(p);
    real = known;
    assert_true(real_is_boot(p) && real_is_boot(q) && real_is_boot(r) && real_is_boot(s));
    assert_int_equal((uintptr_t)s % 64, 0);
    assert_int_equal(((char *)q)[19], 0);
    assert_null(huge);
    assert_null(overflow);
}

static void calls_that_come_by_are_recognised(void **state)
{
    (void)state;
    uncovered_n = 0;
    cheap_check();
    assert_int_equal(uncovered_n, 0);
    assert_int_equal(thread.lua_calls_n, 0);
    assert_ptr_equal(cheap_realloc_entry, (const void *)(uintptr_t)realloc_);
    assert_ptr_equal(cheap_free_entry, (const void *)(uintptr_t)free_);
}

static size_t never_asked(void *p)
{
    fail_msg("asked for the size of %p", p);
    return 0;
}

static void sizes_are_asked_only_of_the_library_that_allocates(void **state)
{
    (void)state;
    size_t (*known)(void *) = real.malloc_usable_size;
    uncovered_n = 0;
    ccount_usable = ccount_size_unknown;
    real.malloc_usable_size = never_asked;
    foreign = (const void *)(uintptr_t)never_asked;
    cheap_check();
    BEGIN;
    free_(malloc_(100));
    END;
    real.malloc_usable_size = known;
    ccount_sizes_known(known);
    assert_int_equal(uncovered_n, 1);
    assert_int_equal(mine->alloc_n, 1);
    assert_int_equal(mine->alloc_bytes, 100);
    assert_int_equal(mine->usable_bytes, 0);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    the_arena = mmap(NULL, sizeof *the_arena, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    real_resolve();
    ccount_sizes_known(real.malloc_usable_size);
    const struct CMUnitTest tests[] = {
        TEST(a_block_is_sampled_and_followed_through_resizes_to_its_release),
        TEST(a_block_of_c_that_luas_allocator_frees_is_gone),
        TEST(blocks_count_for_the_caller),
        TEST(realloc_is_what_it_does),
        TEST(reallocarray_counts_once_and_knows_overflow),
        TEST(aligned_blocks_count),
        TEST(blocks_of_another_allocator_are_not_asked_for_their_size),
        TEST(refusals_count_and_keep_their_errors),
        TEST(success_leaves_errno_alone),
        TEST(the_level_is_published_in_steps),
        TEST(calls_below_lua_s_allocator_are_lua_s),
        TEST(a_stale_mark_is_noticed_from_above),
        TEST(a_dormant_process_counts_nothing),
        TEST(a_thread_is_registered_by_its_first_call_even_if_that_allocates),
        TEST(boot_blocks_move_on_and_are_never_freed),
        TEST(before_anything_is_known_blocks_come_from_the_boot_heap),
        TEST(calls_that_come_by_are_recognised),
        TEST(sizes_are_asked_only_of_the_library_that_allocates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
