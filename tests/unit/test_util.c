/* test_util: the collector's small tools. */

#include "tests/unit/unit.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/escape.h"
#include "collector/util/human.h"
#include "collector/util/nearest.h"
#include "collector/util/pattern.h"
#include "collector/util/pool.h"
#include "collector/util/rowset.h"

static void check_ns(double ns, const char *expected)
{
    char text[HUMAN_MAX];
    assert_string_equal(human_ns(text, ns), expected);
}

static void times_have_three_digits_and_a_unit(void **state)
{
    (void)state;
    check_ns(0, "0 ns");
    check_ns(999, "999 ns");
    check_ns(1000, "1.00 us");
    check_ns(12345, "12.3 us");
    check_ns(999499, "999 us");
    check_ns(999999, "1.00 ms");
    check_ns(1234567890, "1.23 s");
    check_ns(119e9, "119 s");
    check_ns(125e9, "2m 05s");
    check_ns(3599.9e9, "60m 00s");
}

static void check_bytes(double bytes, const char *expected)
{
    char text[HUMAN_MAX];
    assert_string_equal(human_bytes(text, bytes), expected);
}

static void bytes_have_binary_units(void **state)
{
    (void)state;
    check_bytes(0, "0 B");
    check_bytes(1023, "1023 B");
    check_bytes(1024, "1.00 KiB");
    check_bytes(-2048, "-2.00 KiB");
    check_bytes(1048575, "1.00 MiB");
    check_bytes(123.0 * 1024 * 1024, "123 MiB");
    check_bytes(1.8e19, "15.6 EiB");
}

static void counts_are_grouped(void **state)
{
    char text[HUMAN_MAX];
    (void)state;
    assert_string_equal(human_count(text, 0), "0");
    assert_string_equal(human_count(text, 999), "999");
    assert_string_equal(human_count(text, 1000), "1,000");
    assert_string_equal(human_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void nouns_are_plural_but_for_one(void **state)
{
    char text[HUMAN_NOUN_MAX];
    (void)state;
    assert_string_equal(human_nouns(text, 0, "library", "libraries"), "0 libraries");
    assert_string_equal(human_nouns(text, 1, "library", "libraries"), "1 library");
    assert_string_equal(human_nouns(text, 1234, "library", "libraries"), "1,234 libraries");
}

static void check_escaped(const char *given, size_t n, const char *expected)
{
    char *text = escape_text(given, n);
    assert_string_equal(text, expected);
    free(text);
}

static void names_can_not_drive_the_terminal(void **state)
{
    (void)state;
    check_escaped("plain", 5, "plain");
    check_escaped("\033[31mred\n", 9, "\\x1b[31mred\\n");
    check_escaped("a\0b", 3, "a\\x00b");
    check_escaped("\xc2\x9b"
                  "31m",
                  5, "\\x9b31m"); /* CSI as one character */
    check_escaped("\xff\xfe", 2, "\\xff\\xfe");
    check_escaped("m\xc3\xbcller \xe2\x82\xac", 11, "m\xc3\xbcller \xe2\x82\xac");
    check_escaped("\xe2\x80\xae"
                  "evil",
                  7, "\\u{202e}evil");                   /* right-to-left override */
    check_escaped("\xc0\xaf", 2, "\\xc0\\xaf");          /* overlong */
    check_escaped("\xed\xa0\x80", 3, "\\xed\\xa0\\x80"); /* surrogate */
    check_escaped("\xe2\x82", 2, "\\xe2\\x82");          /* cut off */
}

static void names_are_ascii_where_the_locale_is(void **state)
{
    (void)state;
    setlocale(LC_CTYPE, "C");
    check_escaped("m\xc3\xbcller", 7, "m\\u{fc}ller");
    setlocale(LC_CTYPE, "C.UTF-8");
}

static void every_byte_alone_is_escaped_within_bounds(void **state)
{
    char bytes[512];
    (void)state;
    for (int i = 0; i < 256; i++) {
        memset(bytes, i, sizeof bytes);
        char *text = escape_text(bytes, sizeof bytes);
        assert_true(strlen(text) >= sizeof bytes);
        free(text);
    }
}

static void json_text_is_always_utf8(void **state)
{
    size_t n;
    (void)state;
    char *text = escape_utf8_only("a\xff"
                                  "b\n",
                                  4, &n);
    assert_int_equal(n, 6);
    assert_memory_equal(text,
                        "a\xef\xbf\xbd"
                        "b\n",
                        6);
    free(text);
}

static void rows_are_found_by_id_in_order_of_arrival(void **state)
{
    enum { N = 20000 };
    struct rowset s;
    (void)state;
    rowset_init(&s, sizeof(uint64_t));
    assert_null(rowset_find(&s, 0));
    for (uint64_t i = 0; i < N; i++)
        *(uint64_t *)rowset_put(&s, i << 32 | (i % 3)) = i;
    assert_int_equal(s.n, N);
    for (uint64_t i = 0; i < N; i++) {
        assert_int_equal(*(uint64_t *)rowset_find(&s, i << 32 | (i % 3)), i);
        assert_int_equal(*(uint64_t *)rowset_at(&s, i), i);
    }
    assert_null(rowset_find(&s, 12345));
    assert_ptr_equal(rowset_put(&s, 0), rowset_at(&s, 0)); /* there already */
    rowset_release(&s);
}

static void rowset_finds_ids_that_are_counted_with_gaps(void **state)
{
    enum { N = 2000 };
    struct rowset s;
    (void)state;
    rowset_init(&s, sizeof(uint64_t));
    for (uint64_t i = 0; i < N; i++) {
        uint64_t id =
            10 + i + i / 100 * (i % 2); /* in order, but for one in two after the first 100 */
        *(uint64_t *)rowset_put(&s, id + (i << 40 & -(i % 7 == 0))) = i;
    }
    rowset_put(&s, 3); /* below the first */
    for (uint64_t i = 0; i < s.n; i++)
        assert_ptr_equal(rowset_find(&s, s.ids[i]), rowset_at(&s, i));
    assert_null(rowset_find(&s, 2));
    assert_null(rowset_find(&s, UINT64_MAX));
    rowset_release(&s);
}

static void pool_keeps_large_and_small(void **state)
{
    struct pool p = {0};
    char large[100000];
    (void)state;
    memset(large, 'x', sizeof large);
    char *a = pool_copy(&p, "abc", 3), *b = pool_copy(&p, large, sizeof large);
    char *c = pool_format(&p, "%d-%s", 7, "z");
    assert_string_equal(a, "abc");
    assert_int_equal(strlen(b), sizeof large);
    assert_string_equal(c, "7-z");
    pool_release(&p);
}

static void nearest_word_is_what_was_meant(void **state)
{
    static const char *const words[] = {"run", "collect", "report", "doctor"};
    (void)state;
    assert_string_equal(nearest_word("reprot", words, 4), "report");
    assert_string_equal(nearest_word("colect", words, 4), "collect");
    assert_null(nearest_word("xyzzy", words, 4));
    assert_int_equal(nearest_distance("abc", "acb"), 1);
    assert_int_equal(nearest_distance("", "abc"), 3);
}

static void filter_is_a_part_or_a_glob(void **state)
{
    (void)state;
    assert_true(pattern_match(NULL, "anything"));
    assert_true(pattern_match("pl.", "pl.utils"));
    assert_false(pattern_match("pl.*", "xpl.utils"));
    assert_true(pattern_match("*.ut?ls", "pl.utils"));
    assert_false(pattern_match("UTILS", "pl.utils"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_three_digits_and_a_unit),
        cmocka_unit_test(bytes_have_binary_units),
        cmocka_unit_test(counts_are_grouped),
        cmocka_unit_test(nouns_are_plural_but_for_one),
        cmocka_unit_test(names_can_not_drive_the_terminal),
        cmocka_unit_test(names_are_ascii_where_the_locale_is),
        cmocka_unit_test(every_byte_alone_is_escaped_within_bounds),
        cmocka_unit_test(json_text_is_always_utf8),
        cmocka_unit_test(rows_are_found_by_id_in_order_of_arrival),
        cmocka_unit_test(rowset_finds_ids_that_are_counted_with_gaps),
        cmocka_unit_test(pool_keeps_large_and_small),
        cmocka_unit_test(nearest_word_is_what_was_meant),
        cmocka_unit_test(filter_is_a_part_or_a_glob),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
