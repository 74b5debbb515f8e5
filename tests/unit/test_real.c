/* real: functions are found behind our own, and early blocks stay known. */
/* SOURCES: shim/real.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim/real.h"

static void boot_blocks_are_aligned_and_known(void **state)
{
    char *before = NULL;
    (void)state;
    for (size_t align = 1; align <= 4096; align *= 2) {
        char *p = real_boot_alloc(33, align);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % (align < 16 ? 16 : align), 0);
        assert_int_equal(real_boot_size(p), 33);
        assert_true(real_is_boot(p));
        assert_true(!before || p >= before + 33);
        memset(p, 0xff, 33);
        before = p;
    }
    assert_int_equal(real_boot_size(before), 33);
    int here;
    assert_false(real_is_boot(&here));
    assert_false(real_is_boot(NULL));
    assert_false(real_is_boot(real_boot_heap + REAL_BOOT_BYTES));
}

static void the_boot_heap_is_bounded(void **state)
{
    int n = 0;
    (void)state;
    assert_null(real_boot_alloc(SIZE_MAX, 16));
    assert_null(real_boot_alloc(1, (size_t)1 << 40));
    while (real_boot_alloc(1000, 16))
        assert_true(n++ < 100);
    assert_null(real_boot_alloc(1000, 16));
}

static void everything_is_found_and_no_error_is_left_behind(void **state)
{
    (void)state;
    dlerror();
    real_resolve();
    assert_null(dlerror());
    assert_non_null(real.cfree); /* though newer C libraries lack it */
    void *p = real.malloc(10);
    assert_non_null(p);
    real.cfree(p);
    assert_non_null(real.__longjmp_chk);
    assert_non_null(real.execvpe);
    assert_non_null(real.daemon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_blocks_are_aligned_and_known),
        cmocka_unit_test(the_boot_heap_is_bounded),
        cmocka_unit_test(everything_is_found_and_no_error_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
