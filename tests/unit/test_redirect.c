/* redirect: functions go to their hooks, originals go on working, groups go whole or not at all. */
/* SOURCES: shim/attach/redirect.c shim/attach/moved.c shim/attach/image.c shim/attach/near.c shim/attach/patch.c shim/attach/copy.c shim/attach/arch/x86_64/detour.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "shim/attach/copy.h"
#include "shim/attach/redirect.h"
#include "tests/unit/image_at.h"

/* ---- what is redirected ---- */

typedef int function(int a, int b);

/* Each test redirects functions of its own: they stay redirected. */
#define VICTIM(name, expression) \
    static __attribute__((noinline, used)) int name(int a, int b) \
    { \
        __asm__ volatile(""); \
        return expression; \
    }
VICTIM(add, a + b)
VICTIM(subtract, a - b)
VICTIM(multiply, a *b + 0)
VICTIM(negate, -a - b)
VICTIM(larger, a > b ? a : b)

static function *volatile original;
static struct lua_copy copy, *copy_seen;

static int hook(int a, int b)
{
    copy_seen = copy_now;
    return 1000 + original(a, b);
}

static struct image own_image(void)
{
    return image_at((uint64_t)(uintptr_t)add);
}

static struct redirect redirect_of(function *f, const char *group)
{
    struct redirect r = {.name = "victim", .group = group, .copy = &copy, .hook = (void *)hook};
    r.entry.address = (uint64_t)(uintptr_t)f;
    return r;
}

static void plan_and_install(struct redirect *r, size_t n, struct redirect_page *page)
{
    struct image im = own_image();
    redirect_plan(&im, r, n, page);
    original = (function *)(uintptr_t)r[0].original;
    redirect_install(&im, r, n);
}

static function *volatile call; /* so that the compiler can not know what is called */

static int call_of(function *f, int a, int b)
{
    call = f;
    return call(a, b);
}

/* ---- tests ---- */

static void a_redirected_function_runs_its_hook_which_runs_the_original(void **state)
{
    (void)state;
    struct redirect_page page = {0};
    struct redirect r = redirect_of(add, "A");
    copy_now = NULL;
    assert_int_equal(call_of(add, 2, 3), 5);
    plan_and_install(&r, 1, &page);
    assert_int_equal(r.done, 1);
    assert_null(r.reason);
    assert_int_equal(call_of(add, 2, 3), 1005);
    assert_ptr_equal(copy_seen, &copy);
    assert_int_equal(original(2, 3), 5);
}

static void without_a_copy_the_threads_copy_stays(void **state)
{
    (void)state;
    static struct lua_copy other;
    struct redirect_page page = {0};
    struct redirect r = redirect_of(larger, "A");
    r.copy = NULL;
    plan_and_install(&r, 1, &page);
    copy_now = &other;
    assert_int_equal(call_of(larger, 2, 3), 1003);
    assert_ptr_equal(copy_seen, &other);
}

static void a_group_goes_whole_or_not_at_all(void **state)
{
    (void)state;
    struct redirect_page page = {0};
    struct redirect r[3] = {redirect_of(multiply, "H"), redirect_of(subtract, "F"),
                            redirect_of(NULL, "F")};
    plan_and_install(r, 3, &page);
    assert_int_equal(r[0].done, 1);
    assert_int_equal(r[1].done, 0);
    assert_null(r[1].reason); /* nothing against it, but for its group */
    assert_int_equal(r[2].done, 0);
    assert_string_equal(r[2].reason, entry_verdict_text(ENTRY_ABSENT));
    assert_int_equal(call_of(multiply, 2, 3), 1006);
    assert_int_equal(call_of(subtract, 2, 3), -1);
    assert_int_equal(((function *)(uintptr_t)r[1].original)(2, 3), -1);
}

static void two_names_of_one_function_are_refused(void **state)
{
    (void)state;
    struct redirect_page page = {0};
    struct redirect r[2] = {redirect_of(negate, "A"), redirect_of(negate, "B")};
    plan_and_install(r, 2, &page);
    assert_int_equal(r[0].done + r[1].done, 0);
    assert_string_equal(r[0].reason, entry_verdict_text(ENTRY_SHARED));
    assert_int_equal(call_of(negate, 1, 1), -2);
}

static void data_is_refused(void **state)
{
    (void)state;
    static char data[16] = {1};
    struct redirect_page page = {0};
    struct redirect r = redirect_of((function *)(uintptr_t)data, "A");
    plan_and_install(&r, 1, &page);
    assert_int_equal(r.done, 0);
    assert_string_equal(r.reason, entry_verdict_text(ENTRY_NOT_CODE));
    assert_int_equal(data[0], 1);
}

static int is_mapped_as(uint64_t address, const char *permissions)
{
    char line[512];
    int found = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        unsigned long lo, hi;
        char have[8];
        if (sscanf(line, "%lx-%lx %7s", &lo, &hi, have) == 3 && address >= lo && address < hi)
            found = strcmp(have, permissions) == 0;
    }
    fclose(f);
    return found;
}

static void pages_are_used_again_and_never_writable_and_executable(void **state)
{
    (void)state;
    struct image im = own_image();
    struct redirect_page page = {0};
    struct redirect r = redirect_of(negate, "A");
    redirect_plan(&im, &r, 1, &page);
    void *first = page.at;
    assert_non_null(first);
    assert_true(is_mapped_as((uint64_t)(uintptr_t)first, "r-xp"));
    redirect_plan(&im, &r, 1, &page);
    assert_ptr_equal(page.at, first);
    assert_true(is_mapped_as((uint64_t)(uintptr_t)first, "r-xp"));
    assert_true(is_mapped_as((uint64_t)(uintptr_t)add, "r-xp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redirected_function_runs_its_hook_which_runs_the_original),
        cmocka_unit_test(without_a_copy_the_threads_copy_stays),
        cmocka_unit_test(a_group_goes_whole_or_not_at_all),
        cmocka_unit_test(two_names_of_one_function_are_refused),
        cmocka_unit_test(data_is_refused),
        cmocka_unit_test(pages_are_used_again_and_never_writable_and_executable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
