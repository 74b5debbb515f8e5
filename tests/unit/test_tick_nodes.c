/* Frames that a thread's last sample had keep their nodes; what changed is looked up again. */
/* SOURCES: shim/sampler/tick_nodes.c */
#include "tests/unit/unit.h"

#include <string.h>

#include "shim/sampler/tick_nodes.h"
#include "shim/stack/nodes.h"

/* ---- the tables, which count who asks ---- */

static struct node_key node[1000];
static uint32_t node_n, asked_n, read_n;

uint32_t node_intern(const struct node_key *k)
{
    asked_n++;
    for (uint32_t i = 0; i < node_n; i++)
        if (node[i].value == k->value && node[i].parent == k->parent && node[i].line == k->line &&
            node[i].kind == k->kind && node[i].flags == k->flags)
            return i + 1;
    node[node_n++] = *k;
    return node_n;
}

uint32_t proto_intern(const void *proto)
{
    return (uint32_t)(uintptr_t)proto;
}

/* What a pc belongs to, and its line: 100 addresses a function. */
static uint64_t code_of = 1;

void lua_frame_read(struct lua_frame *f)
{
    if (f->func == NULL)
        return;
    read_n++;
    f->func = NULL;
    f->value = f->pc / 100 * code_of;
    f->line = (uint32_t)(f->pc % 100);
}

static uint32_t asked(void)
{
    uint32_t n = asked_n;
    asked_n = read_n = 0;
    return n;
}

static int setup(void **state)
{
    (void)state;
    node_n = asked_n = read_n = 0;
    code_of = 1;
    return 0;
}

/* The frames of a node, innermost first. */
static int frames(uint32_t id, uint64_t *value, int max)
{
    int n = 0;
    for (; id != 0 && n < max; id = node[id - 1].parent)
        value[n++] = node[id - 1].value;
    return n;
}

/* ---- native ---- */

static void expect_native(struct tick_nodes *last, const uint64_t *pc, int n, uint32_t questions)
{
    uint64_t got[TICK_NATIVE_MAX];
    asked();
    uint32_t id = tick_nodes_native(last, pc, n);
    assert_int_equal(asked(), questions);
    assert_int_equal(frames(id, got, TICK_NATIVE_MAX), n);
    assert_memory_equal(got, pc, (size_t)n * sizeof *pc);
}

static void native_frames_that_stay_keep_their_nodes(void **state)
{
    (void)state;
    struct tick_nodes last = {.epoch = 0};
    expect_native(&last, (uint64_t[]){30, 20, 10}, 3, 3);
    expect_native(&last, (uint64_t[]){30, 20, 10}, 3, 0);
    expect_native(&last, (uint64_t[]){31, 20, 10}, 3, 1);
    expect_native(&last, (uint64_t[]){50, 40, 31, 20, 10}, 5, 2);
    expect_native(&last, (uint64_t[]){20, 10}, 2, 0);
    expect_native(&last, (uint64_t[]){50, 40, 31, 20, 10}, 5, 0); /* come back */
    expect_native(&last, (uint64_t[]){31, 21, 10}, 3, 2); /* the same pc under another caller */
    expect_native(&last, (uint64_t[]){31, 21, 11}, 3, 3);
    expect_native(&last, NULL, 0, 0);
    expect_native(&last, (uint64_t[]){40, 31, 21, 11}, 4,
                  1); /* all that was there had other callers */
    expect_native(&last, (uint64_t[]){31, 20, 10}, 3, 2);
}

static void a_frame_that_is_there_once_takes_no_nodes_from_the_others(void **state)
{
    (void)state;
    struct tick_nodes last = {.epoch = 0};
    const uint64_t plain[] = {60, 50, 40, 30, 20, 10}, timed[] = {60, 50, 40, 33, 30, 20, 10},
                   other[] = {60, 50, 44, 40, 30, 20, 10};
    expect_native(&last, plain, 6, 6);
    for (int i = 0; i < 3; i++) {
        expect_native(&last, timed, 7, i == 0 ? 4 : 0);
        expect_native(&last, plain, 6, 0);
    }
    expect_native(&last, other, 7, 3);
    expect_native(&last, plain, 6, 0);
    expect_native(&last, other, 7, 0);
    expect_native(&last, timed, 7, 3); /* what OTHER has taken the place of */
    expect_native(&last, plain, 6, 0);
}

static void stacks_of_all_depths_fit(void **state)
{
    (void)state;
    struct tick_nodes last = {.epoch = 0};
    uint64_t pc[TICK_NATIVE_MAX];
    for (int i = 0; i < TICK_NATIVE_MAX; i++)
        pc[i] = (uint64_t)i + 1;
    expect_native(&last, pc, TICK_NATIVE_MAX, TICK_NATIVE_MAX);
    expect_native(&last, pc, TICK_NATIVE_MAX, 0);
}

/* ---- Lua ---- */

static struct lua_frame lua(uint64_t pc)
{
    return (struct lua_frame){.kind = NODE_LUA, .pc = pc, .func = "unread"};
}

static struct lua_frame c(uint64_t function)
{
    return (struct lua_frame){.kind = NODE_C_FUNCTION, .value = function};
}

static struct arena_state one = {.id = 7, .kind_n[ALLOC_PROTO] = 3};

/* Function 5, called by C function 2, called by function 4 in line LINE. */
static uint32_t three(struct tick_nodes_lua *m, uint64_t line, const struct arena_state *s)
{
    struct lua_frame f[] = {lua(510), c(2), lua(400 + line)};
    asked();
    return tick_nodes_lua(m, f, 3, s);
}

static void waiting_lua_functions_are_not_read_again(void **state)
{
    (void)state;
    struct tick_nodes_lua m = {.state = 0};
    uint64_t value[4];
    uint32_t id = three(&m, 20, &one);
    assert_int_equal(read_n, 2);
    assert_int_equal(asked_n, 3);
    assert_int_equal(frames(id, value, 4), 3);
    assert_memory_equal(value, ((uint64_t[]){5, 2, 4}), 3 * sizeof *value);
    assert_int_equal(three(&m, 20, &one), id);
    assert_int_equal(read_n, 1); /* the innermost, whose pc may be anywhere */
    assert_int_equal(asked_n, 1);
    assert_int_not_equal(three(&m, 21, &one), id);
    assert_int_equal(read_n, 2);
    assert_int_equal(asked_n, 3);
}

static void a_new_prototype_may_stand_where_another_was(void **state)
{
    (void)state;
    struct tick_nodes_lua m = {.state = 0};
    struct arena_state s = one;
    uint64_t value[4];
    three(&m, 20, &s);
    s.kind_n[ALLOC_PROTO]++;
    code_of = 10;
    assert_int_equal(frames(three(&m, 20, &s), value, 4), 3);
    assert_memory_equal(value, ((uint64_t[]){50, 2, 40}), 3 * sizeof *value);
    assert_int_equal(read_n, 2);
}

static void states_are_told_apart_and_unknown_ones_not_believed(void **state)
{
    (void)state;
    struct tick_nodes_lua m = {.state = 0};
    struct arena_state other = one;
    other.id = 8;
    three(&m, 20, &one);
    three(&m, 20, &other);
    assert_int_equal(read_n, 2);
    three(&m, 20, NULL);
    assert_int_equal(read_n, 2);
    three(&m, 20, NULL);
    assert_int_equal(read_n, 2);
}

static void marks_of_calls_and_kinds_are_part_of_a_frame(void **state)
{
    (void)state;
    struct tick_nodes_lua m = {.state = 0};
    struct lua_frame f[] = {lua(510), lua(420), lua(310)}, g[3], h[3];
    memcpy(g, f, sizeof f);
    memcpy(h, f, sizeof f);
    tick_nodes_lua(&m, f, 3, &one);
    g[1].flags = NODE_TAIL_CALL;
    asked();
    tick_nodes_lua(&m, g, 3, &one);
    assert_int_equal(asked(), 2);
    h[2] = c(310);
    tick_nodes_lua(&m, h, 3, &one);
    assert_int_equal(asked(), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(native_frames_that_stay_keep_their_nodes, setup),
        cmocka_unit_test_setup(stacks_of_all_depths_fit, setup),
        cmocka_unit_test_setup(a_frame_that_is_there_once_takes_no_nodes_from_the_others, setup),
        cmocka_unit_test_setup(waiting_lua_functions_are_not_read_again, setup),
        cmocka_unit_test_setup(a_new_prototype_may_stand_where_another_was, setup),
        cmocka_unit_test_setup(states_are_told_apart_and_unknown_ones_not_believed, setup),
        cmocka_unit_test_setup(marks_of_calls_and_kinds_are_part_of_a_frame, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
