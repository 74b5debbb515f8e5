/* chunk_name: files and named chunks stay, texts are cut as Lua cuts them. */
/* SOURCES: shim/hooks/chunk_name.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shim/hooks/chunk_name.h"

static void expect(const char *source, const char *name)
{
    char out[CHUNK_NAME + 1];
    out[chunk_name(out, source)] = '\0';
    assert_string_equal(out, name);
}

static void chunk_name_keeps_files_and_names(void **state)
{
    (void)state;
    expect("@dir/file.lua", "@dir/file.lua");
    expect("=stdin", "=stdin");
    expect("=", "=");
    expect(NULL, "[string \"?\"]");
}

static void chunk_name_cuts_texts_at_the_first_line(void **state)
{
    (void)state;
    expect("return 1", "[string \"return 1\"]");
    expect("", "[string \"\"]");
    expect("local a\nlocal b", "[string \"local a...\"]");
    expect("\n", "[string \"...\"]");
}

static void chunk_name_of_a_long_text_is_as_long_as_luas(void **state)
{
    (void)state;
    char text[200], out[CHUNK_NAME];
    memset(text, 'x', sizeof text);
    text[199] = '\0';
    size_t n = chunk_name(out, text);
    assert_int_equal(n, 59); /* LUA_IDSIZE with its NUL */
    assert_memory_equal(out + n - 5, "...\"]", 5);
}

static void chunk_name_of_the_longest_that_fits_is_whole(void **state)
{
    (void)state;
    char text[64];
    for (size_t n = 40; n < 60; n++) {
        char out[CHUNK_NAME];
        memset(text, 'x', n);
        text[n] = '\0';
        size_t got = chunk_name(out, text);
        assert_true(got <= 59);
        assert_int_equal(memcmp(out + got - 3, ".\"]", 3) == 0, n > 44);
    }
}

static void chunk_name_cuts_long_paths(void **state)
{
    (void)state;
    char path[2 * CHUNK_NAME], out[CHUNK_NAME];
    memset(path, 'p', sizeof path);
    path[0] = '@';
    path[sizeof path - 1] = '\0';
    assert_int_equal(chunk_name(out, path), CHUNK_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunk_name_keeps_files_and_names),
        cmocka_unit_test(chunk_name_cuts_texts_at_the_first_line),
        cmocka_unit_test(chunk_name_of_a_long_text_is_as_long_as_luas),
        cmocka_unit_test(chunk_name_of_the_longest_that_fits_is_whole),
        cmocka_unit_test(chunk_name_cuts_long_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
