/* test_ingest: what can happen to a trace on its way, and what ingest says about it. */
/* SOURCES: tests/unit/trace_builder.c */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/ingest/ingest.h"
#include "tests/unit/trace_builder.h"
#include "wire/frame.h"

static int read_trace(const struct trace *t, struct model *m, struct err *err)
{
    err->text[0] = 0;
    return ingest_bytes("t.mprof", t->bytes, t->n, m, err);
}

static void demo(struct trace *t)
{
    trace_init(t, 7);
    trace_demo(t);
}

/* Where the I-th frame begins. */
static size_t frame_at(const struct trace *t, int i)
{
    size_t at = 0;
    for (; i > 0; i--) {
        struct frame_header h;
        assert_int_equal(frame_header_get(&h, t->bytes + at, t->n - at), FRAME_OK);
        at += FRAME_HEADER_BYTES + h.body_bytes;
    }
    return at;
}

static void intact_trace_is_complete(void **state)
{
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    demo(&t);
    assert_int_equal(read_trace(&t, &m, &err), 0);
    assert_true(model_complete(&m));
    assert_int_equal(m.process_n, 1);
    assert_int_equal(m.process[0]->pid, 7);
    assert_int_equal(m.process[0]->spans.n, 5);
    assert_int_equal(m.process[0]->end.status, 0);
    assert_int_equal(m.quality.frames_n, 3);
    model_release(&m);
    trace_free(&t);
}

static void every_cut_is_noticed_and_keeps_what_came_before(void **state)
{
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    demo(&t);
    size_t whole = t.n, second = frame_at(&t, 1), third = frame_at(&t, 2);
    for (size_t n = 0; n < whole; n++) {
        t.n = n;
        int r = read_trace(&t, &m, &err);
        assert_int_equal(r, n < second ? -1 : 0);
        assert_true(r == 0 || err.text[0]);
        assert_false(r == 0 && model_complete(&m));
        if (r == 0 && n != second && n != third) {
            assert_true(m.quality.truncated);
            assert_int_equal(m.quality.truncated_at, n > third ? third : second);
        }
        model_release(&m);
    }
    trace_free(&t);
}

static void damaged_frame_costs_that_frame_only(void **state)
{
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    demo(&t);
    size_t second = frame_at(&t, 1), third = frame_at(&t, 2);
    for (size_t at = second; at < third; at++) {
        t.bytes[at] ^= 0x5a;
        assert_int_equal(read_trace(&t, &m, &err), 0);
        struct process *p = m.process[0];
        assert_false(model_complete(&m));
        assert_int_equal(p->gaps.missing_n, 1);
        assert_int_equal(p->spans.n, 0);
        assert_int_equal(p->crossings.n, 4);
        assert_true(p->end_seen);
        if (!m.quality.newer_n) {
            assert_int_equal(m.quality.damage_n, 1);
            assert_int_equal(m.quality.damage[0].from, second);
            assert_int_equal(m.quality.damage[0].to, third);
        }
        model_release(&m);
        t.bytes[at] ^= 0x5a;
    }
    trace_free(&t);
}

static void garbage_between_and_behind_frames_is_damage(void **state)
{
    struct trace t, u;
    struct model m;
    struct err err;
    (void)state;
    demo(&t);
    trace_init(&u, 0);
    size_t second = frame_at(&t, 1);
    u.bytes = malloc(t.n + 200);
    memcpy(u.bytes, t.bytes, second);
    memset(u.bytes + second, 'M', 100); /* looks like the start of a magic, again and again */
    memcpy(u.bytes + second + 100, t.bytes + second, t.n - second);
    memset(u.bytes + t.n + 100, 0, 100);
    u.n = t.n + 200;
    assert_int_equal(read_trace(&u, &m, &err), 0);
    assert_int_equal(m.quality.frames_n, 3);
    assert_int_equal(m.quality.damage_n, 2);
    assert_int_equal(m.quality.damage[0].from, second);
    assert_int_equal(m.quality.damage[0].to, second + 100);
    assert_int_equal(m.quality.damage[1].to, u.n);
    assert_false(m.quality.truncated);
    model_release(&m);
    trace_free(&u);
    trace_free(&t);
}

static void says_of(const void *bytes, size_t n, const char *part)
{
    struct model m;
    struct err err = {""};
    assert_int_equal(ingest_bytes("x", bytes, n, &m, &err), -1);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    model_release(&m);
}

static void each_unusable_file_has_its_sentence(void **state)
{
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    demo(&t);
    says_of("", 0, "empty");
    says_of("GIF89a.....................................................", 50,
            "not a modprof trace");
    says_of(t.bytes, 30, "cut off");
    t.bytes[4] = 2;
    says_of(t.bytes, frame_at(&t, 0) + 60, "newer");
    assert_int_equal(ingest_file("/nonexistent/x.mprof", &m, &err), -1);
    assert_non_null(strstr(err.text, "No such file"));
    model_release(&m);
    assert_int_equal(ingest_file("/tmp", &m, &err), -1);
    assert_non_null(strstr(err.text, "directory"));
    model_release(&m);
    trace_free(&t);
}

static void unknown_records_are_skipped(void **state)
{
    static const uint8_t strange[] = {0xff, 0x7f, 3, 1, 2, 3}; /* kind 16383, three bytes */
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    trace_init(&t, 7);
    trace_process(&t);
    trace_raw(&t, strange, sizeof strange);
    trace_end(&t, 3);
    trace_frame(&t);
    assert_int_equal(read_trace(&t, &m, &err), 0);
    assert_true(model_complete(&m));
    assert_int_equal(m.process[0]->unknown_records_n, 1);
    assert_int_equal(m.process[0]->end.status, 3);
    model_release(&m);
    trace_free(&t);
}

static void record_that_overruns_its_frame_is_damage(void **state)
{
    static const uint8_t liar[] = {2, 100, 1};
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    trace_init(&t, 7);
    trace_process(&t);
    trace_end(&t, 0);
    trace_raw(&t, liar, sizeof liar);
    trace_frame(&t);
    assert_int_equal(read_trace(&t, &m, &err), 0);
    assert_int_equal(m.process[0]->damaged_records_n, 1);
    assert_false(model_complete(&m));
    model_release(&m);
    trace_free(&t);
}

static void processes_in_one_file_are_kept_apart(void **state)
{
    struct trace a, b;
    struct model m;
    struct err err;
    (void)state;
    trace_init(&a, 7);
    trace_demo(&a);
    trace_init(&b, 8);
    trace_process(&b);
    trace_span(&b, &(struct trace_span){1, 0, "other", 1, 2, 1});
    trace_frame(&b);
    a.bytes = realloc(a.bytes, a.n + b.n);
    memcpy(a.bytes + a.n, b.bytes, b.n);
    a.n += b.n;
    assert_int_equal(read_trace(&a, &m, &err), 0);
    assert_int_equal(m.process_n, 2);
    assert_true(process_complete(m.process[0]));
    assert_false(process_complete(m.process[1])); /* it has no end record */
    assert_int_equal(m.process[1]->spans.n, 1);
    model_release(&m);
    trace_free(&a);
    trace_free(&b);
}

static void newest_counter_wins(void **state)
{
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    trace_init(&t, 7);
    trace_process(&t);
    TRACE_ADD(&t, crossing, .function = 5, .down_n = 10);
    trace_frame(&t);
    TRACE_ADD(&t, crossing, .function = 5, .down_n = 25);
    TRACE_ADD(&t, loss, .what = LOSS_SINK, .n = 2);
    TRACE_ADD(&t, loss, .what = LOSS_SINK, .n = 3);
    trace_frame(&t);
    assert_int_equal(read_trace(&t, &m, &err), 0);
    struct rec_crossing *c = rowset_find(&m.process[0]->crossings, 5);
    assert_int_equal(c->down_n, 25);
    assert_int_equal(m.process[0]->losses[LOSS_SINK], 3);
    model_release(&m);
    trace_free(&t);
}

static void peaks_are_no_lower_than_what_was_seen(void **state)
{
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    trace_init(&t, 7);
    trace_process(&t);
    TRACE_ADD(&t, sample_memory, .at_ns = trace_ms(&t, 2), .c_bytes = -5, .rss_bytes = 3 << 20);
    TRACE_ADD(&t, sample_memory, .at_ns = trace_ms(&t, 3), .c_bytes = 70000, .rss_bytes = 5 << 20);
    TRACE_ADD(&t, c_heap, .live_bytes = 90000, .peak_bytes = 90000);
    trace_frame(&t);
    TRACE_ADD(&t, sample_memory, .at_ns = trace_ms(&t, 4), .c_bytes = 60000, .rss_bytes = 1 << 20);
    TRACE_ADD(&t, c_heap, .live_bytes = -100, .peak_bytes = 65536, .lua_calls_n = 9);
    trace_end(&t, 0);
    trace_frame(&t);
    assert_int_equal(read_trace(&t, &m, &err), 0);
    assert_int_equal(m.process[0]->c_heap.peak_bytes, 90000);
    assert_int_equal(m.process[0]->c_heap.live_bytes, -100);
    assert_int_equal(m.process[0]->c_heap.lua_calls_n, 9);
    assert_int_equal(m.process[0]->end.max_rss_kib, 5 << 10);
    model_release(&m);
    trace_free(&t);
}

static void records_behind_the_end_reopen_the_process(void **state)
{
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    trace_init(&t, 7);
    trace_process(&t);
    trace_end(&t, 0);
    TRACE_ADD(&t, loss, .what = LOSS_SINK, .n = 1);
    trace_frame(&t);
    assert_int_equal(read_trace(&t, &m, &err), 0);
    assert_false(m.process[0]->end_seen);
    model_release(&m);
    trace_free(&t);
}

static void transport_line_in_front_is_skipped(void **state)
{
    static const char hello[] = "MODPROF/1 secret\n";
    struct trace t, u;
    struct model m;
    struct err err;
    (void)state;
    demo(&t);
    trace_init(&u, 0);
    u.n = t.n + strlen(hello);
    u.bytes = malloc(u.n);
    memcpy(u.bytes, hello, strlen(hello));
    memcpy(u.bytes + strlen(hello), t.bytes, t.n);
    assert_int_equal(read_trace(&u, &m, &err), 0);
    assert_true(model_complete(&m));
    model_release(&m);
    trace_free(&u);
    trace_free(&t);
}

static void lost_string_is_told_from_no_string(void **state)
{
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    demo(&t);
    assert_int_equal(read_trace(&t, &m, &err), 0);
    assert_string_equal(process_text(m.process[0], 0).at, "");
    assert_string_equal(process_text(m.process[0], 99999).at, "<lost>");
    model_release(&m);
    trace_free(&t);
}

/* Many frames, so that the window slides. */
static void long_stream_is_read_from_a_file(void **state)
{
    enum { SPANS = 60000 };
    char path[] = "/tmp/test_ingest.XXXXXX";
    struct trace t;
    struct model m;
    struct err err;
    (void)state;
    trace_init(&t, 7);
    t.stored = 1;
    trace_process(&t);
    for (int i = 1; i <= SPANS; i++)
        trace_span(&t, &(struct trace_span){(uint64_t)i, 0, "some.module.name", i, i + 1, 0.5});
    trace_end(&t, 0);
    trace_frame(&t);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, t.bytes, t.n), t.n);
    close(fd);
    int r = ingest_file(path, &m, &err);
    unlink(path);
    assert_int_equal(r, 0);
    assert_true(t.n > 5 * FRAME_RAW_MAX);
    assert_int_equal(m.quality.bytes, t.n);
    assert_int_equal(m.process[0]->spans.n, SPANS);
    assert_true(model_complete(&m));
    model_release(&m);
    trace_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intact_trace_is_complete),
        cmocka_unit_test(every_cut_is_noticed_and_keeps_what_came_before),
        cmocka_unit_test(damaged_frame_costs_that_frame_only),
        cmocka_unit_test(garbage_between_and_behind_frames_is_damage),
        cmocka_unit_test(each_unusable_file_has_its_sentence),
        cmocka_unit_test(unknown_records_are_skipped),
        cmocka_unit_test(record_that_overruns_its_frame_is_damage),
        cmocka_unit_test(processes_in_one_file_are_kept_apart),
        cmocka_unit_test(newest_counter_wins),
        cmocka_unit_test(peaks_are_no_lower_than_what_was_seen),
        cmocka_unit_test(records_behind_the_end_reopen_the_process),
        cmocka_unit_test(transport_line_in_front_is_skipped),
        cmocka_unit_test(lost_string_is_told_from_no_string),
        cmocka_unit_test(long_stream_is_read_from_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
