/* image, symtab, scan: objects in memory, their symbols, and which of them came and went. */
/* SOURCES: shim/attach/image.c shim/attach/symtab.c shim/attach/scan.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "shim/attach/image.h"
#include "shim/attach/scan.h"
#include "shim/attach/symtab.h"

/* Names as symtab looks for them; static, so in .symtab alone. */
__attribute__((noinline, used)) static int luatest_hidden(int n)
{
    return n + 1;
}

/* ---- helpers ---- */

struct wanted {
    struct image im;
    const void *address;
};

static int holds(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct wanted *w = ctx;
    (void)size;
    image_read(&w->im, info);
    return image_segment(&w->im, (uint64_t)(uintptr_t)w->address) != NULL;
}

static struct image image_with(const void *address)
{
    struct wanted w = {.address = address};
    assert_true(dl_iterate_phdr(holds, &w));
    return w.im;
}

/* ---- dynamic symbols ---- */

static void an_exported_function_is_found_where_dlsym_finds_it(void **state)
{
    (void)state;
    void *expected = dlsym(RTLD_DEFAULT, "strtoul");
    struct image im = image_with(expected);
    struct symbol s;
    assert_true(image_symbol(&im, "strtoul", 0, &s));
    assert_int_equal(s.address, (uintptr_t)expected);
    assert_true(s.size > 0);
    assert_non_null(image_text(&im, s.address));
}

static void what_is_not_defined_is_not_found(void **state)
{
    (void)state;
    struct image libc = image_with(dlsym(RTLD_DEFAULT, "strtoul"));
    struct image own = image_with((void *)(uintptr_t)luatest_hidden);
    struct symbol s;
    assert_false(image_symbol(&libc, "no_such_function_anywhere", 0, &s));
    assert_false(image_symbol(&libc, "environ", 0, &s)); /* data, not a function */
    assert_false(image_symbol(&own, "strtoul", 0, &s));  /* used here, defined elsewhere */
    assert_int_equal(s.address, 0);
    assert_true(strtoul("7", NULL, 10) == 7);
}

static void data_is_found_as_data(void **state)
{
    (void)state;
    struct image im = image_with(dlsym(RTLD_DEFAULT, "strtoul"));
    struct symbol s;
    assert_true(image_symbol(&im, "_IO_2_1_stdout_", 1, &s));
    assert_null(image_text(&im, s.address));
}

/* ---- .symtab ---- */

static void a_hidden_function_is_found_in_the_file(void **state)
{
    (void)state;
    static const char *const names[] = {"luatest_hidden", "luatest_no_such"};
    struct image im = image_with((void *)(uintptr_t)luatest_hidden);
    struct symbol s[2] = {{0, 0}, {0, 0}};
    struct symtab t;
    assert_string_equal(im.path, "");
    assert_int_equal(symtab_open(&t, &im), 0);
    assert_true(symtab_mentions(&t, "luatest_hidden"));
    assert_false(symtab_mentions(&t, "luatest_no_"
                                     "such_at_all"));
    symtab_find(&t, &im, names, 2, s);
    symtab_close(&t);
    assert_int_equal(s[0].address, (uintptr_t)luatest_hidden);
    assert_int_equal(s[1].address, 0);
    assert_int_equal(luatest_hidden(1), 2);
}

static void another_file_in_the_place_of_a_loaded_one_is_refused(void **state)
{
    (void)state;
    struct image im = image_with((void *)(uintptr_t)luatest_hidden);
    struct symtab t;
    im.path = "/proc/self/exe"; /* the same file under a name: is compared, and found the same */
    assert_int_equal(symtab_open(&t, &im), 0);
    symtab_close(&t);
    im.path = "/bin/sh";
    assert_int_equal(symtab_open(&t, &im), -1);
    im.path = "/no/such/file";
    assert_int_equal(symtab_open(&t, &im), -1);
    im.path = "relative";
    assert_int_equal(symtab_open(&t, &im), -1);
}

/* ---- scanning ---- */

struct told {
    int came_n, went_n, library_came, library_went;
    uint64_t lo;
};

static void came(void *ctx, const struct image *im)
{
    struct told *t = ctx;
    t->came_n++;
    if (strstr(im->path, "liblua5.3") != NULL) {
        t->library_came++;
        t->lo = im->lo;
    }
}

static void went(void *ctx, uint64_t lo, uint64_t hi)
{
    struct told *t = ctx;
    assert_true(lo < hi);
    t->went_n++;
    t->library_went += lo == t->lo;
}

static void objects_are_told_once_when_they_come_and_once_when_they_go(void **state)
{
    (void)state;
    struct told t = {0};
    scan_objects(came, went, &t);
    assert_true(t.came_n > 2);
    assert_int_equal(t.went_n, 0);
    t.came_n = 0;
    scan_objects(came, went, &t);
    assert_int_equal(t.came_n, 0);
    for (int round = 1; round <= 3; round++) {
        /* one that nothing here is linked to */
        void *library = dlopen("liblua5.3.so.0", RTLD_NOW | RTLD_LOCAL);
        assert_non_null(library);
        scan_objects(came, went, &t);
        assert_int_equal(t.library_came, round);
        dlclose(library);
        scan_objects(came, went, &t);
        assert_int_equal(t.library_went, round);
    }
    assert_int_equal(t.went_n, t.came_n);
    assert_int_equal(scan_overflow(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exported_function_is_found_where_dlsym_finds_it),
        cmocka_unit_test(what_is_not_defined_is_not_found),
        cmocka_unit_test(data_is_found_as_data),
        cmocka_unit_test(a_hidden_function_is_found_in_the_file),
        cmocka_unit_test(another_file_in_the_place_of_a_loaded_one_is_refused),
        cmocka_unit_test(objects_are_told_once_when_they_come_and_once_when_they_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
