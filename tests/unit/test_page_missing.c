/* page_html: a program that was built without the viewer says so.
 *
 * The empty bundle here takes the place of the one in the library. */
#include <string.h>

#include "collector/output/page_bundle.h"
#include "collector/output/page_html.h"
#include "tests/unit/unit.h"

__asm__("    .section .rodata\n"
        "    .globl page_bundle\n"
        "    .globl page_bundle_end\n"
        "page_bundle:\n"
        "page_bundle_end:\n"
        "    .byte 0\n"
        "    .text\n");

static void without_the_viewer_there_is_a_sentence(void **state)
{
    (void)state;
    struct err err = {""};
    assert_int_equal(page_html_check(&err), -1);
    assert_non_null(strstr(err.text, "built without the viewer"));
    assert_non_null(strstr(err.text, "make viewer"));
}

static void without_the_viewer_there_is_no_policy(void **state)
{
    (void)state;
    size_t n = 1;
    assert_null(page_html_policy(&n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_viewer_there_is_a_sentence),
        cmocka_unit_test(without_the_viewer_there_is_no_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
