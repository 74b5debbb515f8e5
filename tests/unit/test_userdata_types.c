/* test_userdata_types: sites are named by the metatables that their userdata get later. */
/* SOURCES: shim/hooks/userdata_types.c */
#include "tests/unit/unit.h"

#include <string.h>

#include "shim/attach/lua_tags.h"
#include "shim/hooks/userdata_types.h"
#include "shim/stack/site_table.h"
#include "tests/unit/fake_record.h"

enum { FILE_NAME = 7, SOCKET_NAME = 8 };

static char block[3][64], file_table, socket_table, unknown_table;
static struct arena_state *s;

static void begin(void)
{
    fake_start();
    s = &arena->states[0];
    s->id = 1;
    s->global_state = 1;
    memset(block, 0, sizeof block);
    userdata_type_note(table_key_of(s->id, &file_table), FILE_NAME);
    userdata_type_note(table_key_of(s->id, &socket_table), SOCKET_NAME);
}

static void give(char *at, const void *metatable)
{
    memcpy(at + OFFSET_USERDATA_METATABLE, &metatable, sizeof metatable);
}

static void a_site_is_named_at_the_next_look(void **state)
{
    (void)state;
    begin();
    userdata_made(s, block[0], 1);
    userdata_look(s);
    assert_int_equal(site_at(1)->type_name, 0);
    give(block[0], &file_table);
    userdata_look(s);
    assert_int_equal(site_at(1)->type_name, FILE_NAME);
}

static void a_release_is_a_look_too_and_the_last_one(void **state)
{
    (void)state;
    begin();
    userdata_made(s, block[0], 1);
    give(block[0], &socket_table);
    userdata_gone(s, block[0], 1);
    assert_int_equal(site_at(1)->type_name, SOCKET_NAME);
    give(block[0], &file_table); /* the block is another's now */
    userdata_look(s);
    assert_int_equal(site_at(1)->type_name, SOCKET_NAME);
}

static void a_site_of_several_types_has_no_name(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 3; i++) {
        userdata_made(s, block[i], 1);
        give(block[i], i == 1 ? &socket_table : &file_table);
        userdata_look(s);
    }
    assert_int_equal(site_at(1)->type_name, SITE_TYPES_DIFFER);
}

static void tables_of_other_states_and_unknown_ones_name_nothing(void **state)
{
    (void)state;
    begin();
    give(block[0], &unknown_table);
    userdata_made(s, block[0], 1);
    userdata_look(s);
    s->id = 2;
    give(block[1], &file_table);
    userdata_made(s, block[1], 2);
    userdata_look(s);
    assert_int_equal(site_at(1)->type_name, 0);
    assert_int_equal(site_at(2)->type_name, 0);
}

static void nothing_is_read_where_structures_were_not_checked(void **state)
{
    (void)state;
    begin();
    s->global_state = 0;
    give(block[0], &file_table);
    userdata_made(s, block[0], 1);
    userdata_look(s);
    userdata_gone(s, block[0], 1);
    assert_int_equal(site_at(1)->type_name, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_is_named_at_the_next_look),
        cmocka_unit_test(a_release_is_a_look_too_and_the_last_one),
        cmocka_unit_test(a_site_of_several_types_has_no_name),
        cmocka_unit_test(tables_of_other_states_and_unknown_ones_name_nothing),
        cmocka_unit_test(nothing_is_read_where_structures_were_not_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
