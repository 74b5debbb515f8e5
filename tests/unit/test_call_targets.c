/* Direct calls and jumps in a piece of code, and what several pieces have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/call_targets.h"

enum { BASE = 0x10000, LO = 0x8000, HI = 0x20000 };

/* OPCODE and the distance to TO, at AT of CODE. */
static size_t branch(uint8_t *code, size_t at, const char *opcode, uint64_t to)
{
    size_t n = strlen(opcode);
    int32_t d = (int32_t)(to - (BASE + at + n + 4));
    memcpy(code + at, opcode, n);
    memcpy(code + at + n, &d, 4);
    return at + n + 4;
}

static void add(struct call_targets *t, const uint8_t *bytes, uint64_t n)
{
    struct code c = {bytes, n, BASE};
    call_targets_add(t, &c, LO, HI);
}

static void calls_and_jumps_out_of_the_code_are_targets(void **state)
{
    uint8_t code[64] = {0};
    struct call_targets t = {.n = 0};
    (void)state;
    size_t n = branch(code, 0, "\xe8", 0x9000);
    n = branch(code, n, "\xe9", 0x12000);
    n = branch(code, n, "\x0f\x8f", 0x9100); /* jg: a conditional tail call */
    n = branch(code, n, "\xe8", 0x9000);     /* again */
    add(&t, code, n);
    assert_int_equal(t.n, 3);
    assert_true(call_targets_has(&t, 0x9000) && call_targets_has(&t, 0x12000) &&
                call_targets_has(&t, 0x9100));
}

static void jumps_within_and_far_away_are_none(void **state)
{
    uint8_t code[64] = {0};
    struct call_targets t = {.n = 0};
    (void)state;
    size_t n = branch(code, 0, "\xe9", BASE + 6);
    n = branch(code, n, "\xe8", LO - 1);
    n = branch(code, n, "\xe8", HI);
    add(&t, code, n);
    assert_int_equal(t.n, 0);
}

static void code_that_ends_in_a_branch_is_not_read_beyond(void **state)
{
    static const uint8_t code[] = {0x90, 0xe8, 0, 0, 0};
    struct call_targets t = {.n = 0};
    (void)state;
    for (uint64_t n = 0; n <= sizeof code; n++)
        add(&t, code, n);
    assert_int_equal(t.n, 0);
}

static void what_all_have_in_common_is_told_only_where_it_is_one(void **state)
{
    struct call_targets t[3] = {{{1, 2, 3}, 3}, {{3, 4, 1}, 3}, {{5, 3}, 2}};
    (void)state;
    assert_int_equal(call_targets_common(t, 3), 3);
    assert_int_equal(call_targets_common(t, 2), 0); /* two */
    t[2].n = 1;
    assert_int_equal(call_targets_common(t, 3), 0); /* none */
    assert_int_equal(call_targets_common(t, 0), 0);
}

static void too_many_targets_are_left_out(void **state)
{
    static uint8_t code[2048];
    struct call_targets t = {.n = 0};
    size_t n = 0;
    (void)state;
    for (uint64_t i = 0; i < CALL_TARGETS_MAX + 10; i++)
        n = branch(code, n, "\xe8", 0x18000 + 16 * i);
    add(&t, code, n);
    assert_int_equal(t.n, CALL_TARGETS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_and_jumps_out_of_the_code_are_targets),
        cmocka_unit_test(jumps_within_and_far_away_are_none),
        cmocka_unit_test(code_that_ends_in_a_branch_is_not_read_beyond),
        cmocka_unit_test(what_all_have_in_common_is_told_only_where_it_is_one),
        cmocka_unit_test(too_many_targets_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
