/* frame: headers go round, damage is seen, the next frame is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "wire/enums.h"
#include "wire/frame.h"

static uint8_t frame[FRAME_HEADER_BYTES + 100];

static void make_frame(void)
{
    struct frame_header h = {.pid = 77,
                             .seq = 5,
                             .start_real_ns = UINT64_C(0x1122334455667788),
                             .raw_bytes = 100,
                             .body_bytes = 100,
                             .flags = FRAME_STORED};
    for (int i = 0; i < 100; i++)
        frame[FRAME_HEADER_BYTES + i] = (uint8_t)(i * 7);
    frame_header_put(&h, frame + FRAME_HEADER_BYTES, frame);
}

static void a_header_goes_round(void **state)
{
    struct frame_header h;
    (void)state;
    make_frame();
    assert_memory_equal(frame, "MPRF\1\0\60\0", 8);
    assert_int_equal(frame_header_get(&h, frame, sizeof frame), FRAME_OK);
    assert_int_equal(h.version, FRAME_VERSION);
    assert_int_equal(h.pid, 77);
    assert_int_equal(h.seq, 5);
    assert_int_equal(h.start_real_ns, UINT64_C(0x1122334455667788));
    assert_int_equal(h.raw_bytes, 100);
    assert_int_equal(h.body_bytes, 100);
    assert_int_equal(h.flags, FRAME_STORED);
    assert_int_equal(frame_check(&h, frame), FRAME_OK);
}

static void every_changed_byte_is_seen(void **state)
{
    struct frame_header h;
    (void)state;
    for (size_t i = 0; i < sizeof frame; i++) {
        make_frame();
        frame[i] ^= 0x10;
        enum frame_result r = frame_header_get(&h, frame, sizeof frame);
        if (r == FRAME_OK && h.body_bytes <= 100)
            r = frame_check(&h, frame);
        if (r == FRAME_OK)
            fail_msg("byte %zu was changed unseen", i);
    }
}

static void a_short_header_is_short_and_a_foreign_one_foreign(void **state)
{
    struct frame_header h;
    (void)state;
    make_frame();
    for (size_t n = 0; n < FRAME_HEADER_BYTES; n++)
        assert_int_equal(frame_header_get(&h, frame, n), FRAME_SHORT);
    assert_int_equal(frame_header_get(&h, (const uint8_t *)"MPXF", 4), FRAME_FOREIGN);
    assert_int_equal(frame_header_get(&h, (const uint8_t *)"X", 1), FRAME_FOREIGN);
    frame[4] = FRAME_VERSION + 1;
    assert_int_equal(frame_header_get(&h, frame, sizeof frame), FRAME_VERSION_NEW);
}

static void impossible_sizes_are_damage(void **state)
{
    struct frame_header h;
    (void)state;
    make_frame();
    frame[26] = 0xff; /* records: 16 MiB */
    assert_int_equal(frame_header_get(&h, frame, sizeof frame), FRAME_DAMAGED);
    make_frame();
    frame[31] = 0xff; /* body: 4 GiB */
    assert_int_equal(frame_header_get(&h, frame, sizeof frame), FRAME_DAMAGED);
    make_frame();
    frame[24]++; /* stored, but sizes differ */
    assert_int_equal(frame_header_get(&h, frame, sizeof frame), FRAME_DAMAGED);
}

static void the_next_frame_is_found(void **state)
{
    uint8_t bytes[64] = {0};
    (void)state;
    memcpy(bytes + 3, "MPMPRMPRF", 9);
    assert_ptr_equal(frame_resync(bytes, bytes + 64), bytes + 8);
    assert_ptr_equal(frame_resync(bytes + 9, bytes + 64), bytes + 64);
    assert_ptr_equal(frame_resync(bytes, bytes + 11), bytes + 11); /* cut off */
    assert_ptr_equal(frame_resync(bytes, bytes), bytes);
}

static void every_value_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(phase_name(PHASE_CONSTRUCT), "construct");
    assert_string_equal(alloc_kind_name(ALLOC_PROTO), "prototype");
    assert_string_equal(alloc_kind_name(1), "?");
    assert_string_equal(end_reason_name(END_KILLED), "killed");
    assert_string_equal(span_kind_name(0), "?");
    assert_string_equal(copy_status_name(1u << 31), "?");
    for (unsigned i = 1; i <= LOSS_UNSEEN_RETURN; i++)
        assert_string_not_equal(loss_name(i), "?");
    for (unsigned i = 0; i <= LOAD_CIRCULAR; i++)
        assert_string_not_equal(load_kind_name(i), "?");
    for (unsigned i = 0; i <= CHUNK_C_MODULE; i++)
        assert_string_not_equal(chunk_origin_name(i), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_goes_round),
        cmocka_unit_test(every_changed_byte_is_seen),
        cmocka_unit_test(a_short_header_is_short_and_a_foreign_one_foreign),
        cmocka_unit_test(impossible_sizes_are_damage),
        cmocka_unit_test(the_next_frame_is_found),
        cmocka_unit_test(every_value_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
