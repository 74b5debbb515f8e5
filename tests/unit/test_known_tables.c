/* known_tables: tables are told apart by address and state, and the newest is remembered. */
/* SOURCES: shim/hooks/known_tables.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "shim/hooks/known_tables.h"

static char table[4096];

static void a_table_is_known_in_its_state_only(void **state)
{
    (void)state;
    known_table_note(table_key_of(1, table), 77);
    assert_int_equal(known_table(table_key_of(1, table)), 77);
    assert_int_equal(known_table(table_key_of(2, table)), 0);
    assert_int_equal(known_table(table_key_of(1, table + 8)), 0);
}

static void without_a_state_nothing_is_known(void **state)
{
    (void)state;
    assert_int_equal(table_key_of(0, table), 0);
    assert_int_equal(table_key_of(3, NULL), 0);
    known_table_note(0, 5);
    assert_int_equal(known_table(0), 0);
    filled_table_add(0, 5);
    assert_null(filled_table(0));
}

static void the_newest_knowledge_stays(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4096; i++) {
        known_table_note(table_key_of(4, table + i), i + 1);
        assert_int_equal(known_table(table_key_of(4, table + i)), i + 1);
    }
}

static void the_last_filled_table_is_remembered(void **state)
{
    (void)state;
    table_key a = table_key_of(5, table), b = table_key_of(5, table + 64);
    filled_table_add(a, 10);
    filled_table_add(a, 11);
    assert_int_equal(filled_table(a)->n, 2);
    assert_int_equal(filled_table(a)->function[1], 11);
    filled_table_add(b, 12);
    assert_null(filled_table(a));
    assert_int_equal(filled_table(b)->n, 1);
    filled_table_forget();
    assert_null(filled_table(b));
}

static void a_table_with_very_many_functions_is_cut(void **state)
{
    (void)state;
    table_key a = table_key_of(6, table);
    for (uint32_t i = 0; i < 4 * FILLED_MAX; i++)
        filled_table_add(a, i);
    assert_int_equal(filled_table(a)->n, FILLED_MAX);
    assert_int_equal(filled_table(a)->function[FILLED_MAX - 1], FILLED_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_known_in_its_state_only),
        cmocka_unit_test(without_a_state_nothing_is_known),
        cmocka_unit_test(the_newest_knowledge_stays),
        cmocka_unit_test(the_last_filled_table_is_remembered),
        cmocka_unit_test(a_table_with_very_many_functions_is_cut),
    };
    return cmocka_run_group_tests_name("known_tables", tests, NULL, NULL);
}
