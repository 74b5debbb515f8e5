/* test_symbol: a name only where it is certain. The file asked about is this program itself. */

#include "tests/unit/unit.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "collector/symbol/elf_symbols.h"
#include "collector/symbol/symbol.h"

/* Not static: it must be found by exactly this name. */
int symbol_test_target(int x);
__attribute__((noinline)) int symbol_test_target(int x)
{
    return x * 3 + 1;
}

static uint64_t bias_of_this_program(void)
{
    return (uint64_t)_r_debug.r_map->l_addr; /* the first entry is the program */
}

static struct symbol_query target(void)
{
    struct symbol_query q = {.path = "/proc/self/exe",
                             .address =
                                 (uint64_t)(uintptr_t)symbol_test_target - bias_of_this_program()};
    return q;
}

static void covered_address_has_its_name(void **state)
{
    struct symbols *s = symbols_new();
    struct symbol_query q = target();
    enum symbol_file file;
    (void)state;
    assert_string_equal(symbol_name(s, &q, &file), "symbol_test_target");
    assert_int_equal(file, SYMBOL_FILE_READ);
    q.address++;
    assert_string_equal(symbol_name(s, &q, &file), "symbol_test_target");
    symbols_free(s);
}

static void address_behind_every_symbol_has_none(void **state)
{
    struct symbols *s = symbols_new();
    struct symbol_query q = target();
    (void)state;
    q.address = 1;
    assert_null(symbol_name(s, &q, NULL));
    q.address = UINT64_MAX;
    assert_null(symbol_name(s, &q, NULL));
    symbols_free(s);
}

static void other_build_gives_no_names(void **state)
{
    struct symbols *s = symbols_new();
    struct symbol_query q = target();
    enum symbol_file file;
    (void)state;
    q.build_id = (const uint8_t *)"another build";
    q.build_id_n = 13;
    assert_null(symbol_name(s, &q, &file));
    assert_int_equal(file, SYMBOL_FILE_CHANGED);
    symbols_free(s);
}

static void same_build_gives_names(void **state)
{
    struct symbols *s = symbols_new();
    struct symbol_query q = target();
    struct elf_symbols *e = elf_symbols_open(q.path);
    (void)state;
    assert_non_null(e);
    q.build_id = elf_symbols_build_id(e, &q.build_id_n);
    assert_non_null(symbol_name(s, &q, NULL));
    elf_symbols_close(e);
    symbols_free(s);
}

static void what_is_no_elf_file_is_missing(void **state)
{
    static const char *const paths[] = {"/nonexistent", "/etc/passwd", "/dev/zero", "/tmp", ""};
    struct symbols *s = symbols_new();
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct symbol_query q = {.path = paths[i], .address = 0x1000};
        enum symbol_file file;
        assert_null(symbol_name(s, &q, &file));
        assert_int_equal(file, SYMBOL_FILE_MISSING);
    }
    symbols_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covered_address_has_its_name),
        cmocka_unit_test(address_behind_every_symbol_has_none),
        cmocka_unit_test(other_build_gives_no_names),
        cmocka_unit_test(same_build_gives_names),
        cmocka_unit_test(what_is_no_elf_file_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
