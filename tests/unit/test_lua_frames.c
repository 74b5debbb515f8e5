/* Of a state that a signal may have interrupted anywhere nothing is read but what is there; the kernel is asked once. */
/* SOURCES: shim/stack/lua_frames.c */
#include "tests/unit/unit.h"

#include <string.h>

#include "shim/attach/lua_tags.h"
#include "shim/stack/lua_frames.h"
#include "wire/enums.h"

/* ---- the kernel, which counts who asks ---- */

static uint32_t asked_n;
static int is_mapped;

int native_peek(uint64_t at, void *out, size_t n)
{
    asked_n++;
    if (!is_mapped)
        return -1;
    memcpy(out, (const void *)(uintptr_t)at, n);
    return 0;
}

const uint8_t cfi_saved_register[CFI_SAVED_N] = {CFI_RBX, CFI_RBP, 12, 13, 14, 15};
const uint8_t thunk_table[1];

/* ---- a state in which one Lua function runs that another one called ---- */

enum { TAG_PROTO = 10, TAG_TABLE = 5, COLLECTABLE = 1 << 6, LINE = 7 };

static struct {
    uint64_t L[32], stack[64], base[8], outer[8], inner[8];
    uint64_t closure[2][4], proto[16], table[16];
} m;

static void set(void *object, size_t offset, const void *value)
{
    uint64_t v = (uint64_t)(uintptr_t)value;
    memcpy((char *)object + offset, &v, sizeof v);
}

static void slot(size_t i, const void *object, uint8_t tag)
{
    set(m.stack, i * TVALUE_BYTES, object);
    ((uint8_t *)m.stack)[i * TVALUE_BYTES + OFFSET_TVALUE_TAG] = tag;
}

static void call(uint64_t *ci, uint64_t *previous, size_t func)
{
    set(ci, OFFSET_CI_FUNC, (char *)m.stack + func * TVALUE_BYTES);
    set(ci, OFFSET_CI_PREVIOUS, previous);
    set(ci, OFFSET_CI_SAVEDPC, NULL);
}

static int setup(void **state)
{
    (void)state;
    enum { STATE_STACK_LAST = 40, STATE_STACK = 48, TAG = 8 };
    memset(&m, 0, sizeof m);
    set(m.L, STATE_STACK, m.stack);
    set(m.L, STATE_STACK_LAST, m.stack + 40);
    set(m.L, OFFSET_STATE_TOP, m.stack + 20);
    set(m.L, OFFSET_STATE_CI, m.inner);
    call(m.base, NULL, 0);
    call(m.outer, m.base, 1);
    call(m.inner, m.outer, 4);
    for (int i = 0; i < 2; i++) {
        ((uint8_t *)m.closure[i])[TAG] = TAG_LUA_CLOSURE & ~COLLECTABLE;
        set(m.closure[i], OFFSET_LCLOSURE_PROTO, m.proto);
    }
    ((uint8_t *)m.proto)[TAG] = TAG_PROTO;
    ((uint8_t *)m.proto)[OFFSET_PROTO_LINE] = LINE;
    ((uint8_t *)m.table)[TAG] = TAG_TABLE;
    slot(1, m.closure[0], TAG_LUA_CLOSURE);
    slot(4, m.closure[1], TAG_LUA_CLOSURE);
    is_mapped = 1;
    asked_n = 0;
    return 0;
}

static int frames_seen(lua_frames_walk *walk)
{
    struct lua_frame f[8];
    enum lua_frames_end end;
    int n = walk((lua_State *)(void *)m.L, NULL, f, 8, &end);
    assert_int_equal(end, LUA_FRAMES_WHOLE);
    for (int i = 0; i < n; i++)
        assert_int_equal(f[i].kind, NODE_LUA);
    return n;
}

static void the_kernel_is_asked_once_for_each_function_and_prototype(void **state)
{
    (void)state;
    assert_int_equal(frames_seen(lua_frames), 2);
    assert_int_equal(asked_n, 2);
    assert_int_equal(frames_seen(lua_frames), 2);
    assert_int_equal(asked_n, 2);
    slot(4, m.closure[0], TAG_LUA_CLOSURE);
    assert_int_equal(frames_seen(lua_frames), 2);
    assert_int_equal(asked_n, 3); /* another closure of the same prototype */
}

static void a_value_with_the_tag_of_a_function_is_none(void **state)
{
    (void)state;
    slot(4, m.table, TAG_LUA_CLOSURE);
    assert_int_equal(frames_seen(lua_frames), 1);
    assert_int_equal(frames_seen(lua_frames), 1);
    assert_int_equal(asked_n, 2); /* nothing was learnt of it */
}

static void another_object_in_the_place_of_a_function_is_none(void **state)
{
    (void)state;
    assert_int_equal(frames_seen(lua_frames), 2);
    memcpy(m.closure[1], m.table, sizeof m.closure[1]);
    assert_int_equal(frames_seen(lua_frames), 1);
}

static void what_can_not_be_read_is_no_function(void **state)
{
    (void)state;
    is_mapped = 0;
    slot(4, (void *)(uintptr_t)0x4242424242424240, TAG_LUA_CLOSURE);
    assert_int_equal(frames_seen(lua_frames), 1);
}

static void a_state_at_rest_needs_no_kernel(void **state)
{
    (void)state;
    is_mapped = 0;
    slot(4, m.closure[1], TAG_LUA_CLOSURE);
    assert_int_equal(frames_seen(lua_frames_at_rest), 2);
    assert_int_equal(asked_n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_kernel_is_asked_once_for_each_function_and_prototype, setup),
        cmocka_unit_test_setup(a_value_with_the_tag_of_a_function_is_none, setup),
        cmocka_unit_test_setup(another_object_in_the_place_of_a_function_is_none, setup),
        cmocka_unit_test_setup(what_can_not_be_read_is_no_function, setup),
        cmocka_unit_test_setup(a_state_at_rest_needs_no_kernel, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
