/* trace_builder: see trace_builder.h. */
#include "tests/unit/trace_builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "wire/enums.h"
#include "wire/frame.h"

enum { NS_PER_MS = 1000000 };

void trace_init(struct trace *t, uint32_t pid)
{
    memset(t, 0, sizeof *t);
    t->pid = pid;
    t->start_real_ns = UINT64_C(1700000000000000000) + pid;
    t->start_mono_ns = UINT64_C(5000000000);
    t->raw = malloc(FRAME_RAW_MAX);
    if (!t->raw)
        abort();
}

void trace_free(struct trace *t)
{
    free(t->bytes);
    free(t->raw);
    memset(t, 0, sizeof *t);
}

void trace_frame(struct trace *t)
{
    size_t bound = ZSTD_compressBound(t->raw_n);
    if (!t->raw_n)
        return;
    t->bytes = realloc(t->bytes, t->n + FRAME_HEADER_BYTES + bound);
    if (!t->bytes)
        abort();
    uint8_t *head = t->bytes + t->n, *body = head + FRAME_HEADER_BYTES;
    struct frame_header h = {.pid = t->pid,
                             .seq = t->seq++,
                             .raw_bytes = (uint32_t)t->raw_n,
                             .start_real_ns = t->start_real_ns};
    if (t->stored) {
        memcpy(body, t->raw, t->raw_n);
        h.body_bytes = h.raw_bytes;
        h.flags = FRAME_STORED;
    } else {
        h.body_bytes = (uint32_t)ZSTD_compress(body, bound, t->raw, t->raw_n, 1);
    }
    frame_header_put(&h, body, head);
    t->n += FRAME_HEADER_BYTES + h.body_bytes;
    t->raw_n = 0;
}

void trace_raw(struct trace *t, const uint8_t *record, size_t n)
{
    if (!n)
        abort();
    if (t->raw_n + n > FRAME_RAW_MAX)
        trace_frame(t);
    memcpy(t->raw + t->raw_n, record, n);
    t->raw_n += n;
}

struct rec_bytes trace_bytes(const char *z)
{
    return (struct rec_bytes){(const uint8_t *)z, strlen(z)};
}

uint32_t trace_string(struct trace *t, const char *z)
{
    TRACE_ADD(t, string, .id = ++t->string_id, .bytes = trace_bytes(z));
    return t->string_id;
}

uint64_t trace_ms(const struct trace *t, double ms)
{
    return t->start_mono_ns + (uint64_t)(ms * NS_PER_MS);
}

void trace_process(struct trace *t)
{
    static const char argv[] = "lua5.4\0-e\0require 'app'";
    TRACE_ADD(t, process, .shim_version = trace_bytes("0.1.0"), .pid = t->pid, .ppid = 1,
              .uid = 1000, .start_real_ns = t->start_real_ns, .start_mono_ns = t->start_mono_ns,
              .start_estimated = 1, .attach_ns = trace_ms(t, 1.5),
              .exe = trace_bytes("/usr/bin/lua5.4"), .argv = {(const uint8_t *)argv, sizeof argv},
              .cwd = trace_bytes("/home/user"));
}

void trace_end(struct trace *t, uint64_t status)
{
    TRACE_ADD(t, end, .reason = END_EXIT, .end_ns = trace_ms(t, 40), .status = status,
              .max_rss_kib = 4096, .user_us = 30000, .system_us = 5000);
}

void trace_span(struct trace *t, const struct trace_span *s)
{
    uint64_t total = (uint64_t)((s->end - s->begin) * NS_PER_MS);
    uint64_t run = (uint64_t)(s->run * NS_PER_MS), rest = total > run ? total - run : 0;
    uint32_t name = trace_string(t, s->name);
    TRACE_ADD(t, span_begin, .id = s->id, .parent = s->parent, .state = 1, .tid = t->pid,
              .kind = SPAN_REQUIRE, .name = name, .begin_ns = trace_ms(t, s->begin),
              .caller_source = trace_string(t, "@app.lua"), .caller_line = s->id);
    TRACE_ADD(t, span_end, .id = s->id, .end_ns = trace_ms(t, s->end), .status = SPAN_OK,
              .load = LOAD_LUA_FILE, .file = trace_string(t, "/usr/share/lua/5.4/some/module.lua"),
              .phase_ns = {[PHASE_RESOLVE] = rest / 4,
                           [PHASE_READ] = rest / 4,
                           [PHASE_COMPILE] = rest / 2,
                           [PHASE_RUN] = run},
              .phase_ns_n = PHASE_N, .source_bytes = 1000, .lua_bytes = (int64_t)(total / 500),
              .c_bytes = 64, .lua_alloc_bytes = total / 100, .c_alloc_bytes = 128,
              .text_hash = s->id * 77);
}

static void demo_objects(struct trace *t)
{
    TRACE_ADD(t, object, .id = 0, .path = trace_string(t, "/usr/bin/lua5.4"), .lo = 0x400000,
              .hi = 0x500000, .bias = 0x400000, .build_id = trace_bytes("01234567890123456789"));
    TRACE_ADD(t, object, .id = 1, .path = trace_string(t, "/usr/lib/lpeg.so"), .lo = 0x7f0000000000,
              .hi = 0x7f0000010000, .bias = 0x7f0000000000);
    TRACE_ADD(t, copy, .id = 0, .object = 0, .version = trace_string(t, "Lua 5.4.4"),
              .status = COPY_COVERED, .layout = 1, .attached_ns = trace_ms(t, 1));
    TRACE_ADD(t, uncovered, .what = trace_string(t, "valloc in /opt/odd.so"),
              .reason = trace_string(t, "its first instructions can not be moved"));
    TRACE_ADD(t, milestone, .what = MILESTONE_STATE, .at_ns = trace_ms(t, 1.6));
    TRACE_ADD(t, milestone, .what = MILESTONE_OPENLIBS, .at_ns = trace_ms(t, 2.1));
    TRACE_ADD(t, milestone, .what = MILESTONE_MAIN, .at_ns = trace_ms(t, 2.4),
              .name = trace_string(t, "@app.lua"));
}

static void demo_modules(struct trace *t)
{
    trace_span(t, &(struct trace_span){1, 0, "app", 3, 20, 16});
    trace_span(t, &(struct trace_span){2, 1, "pl.pretty", 5, 12, 6});
    trace_span(t, &(struct trace_span){3, 2, "pl.utils", 6, 9, 2});
    trace_span(t, &(struct trace_span){4, 1, "lpeg", 13, 14.5, 0.5});
    TRACE_ADD(t, span_begin, .id = 5, .parent = 1, .state = 1, .kind = SPAN_REQUIRE,
              .name = trace_string(t, "no.such"), .begin_ns = trace_ms(t, 15));
    for (int i = 0; i < 3; i++)
        TRACE_ADD(t, span_try, .span = 5, .path = trace_string(t, i ? "./no/such.lua" : "no.so"),
                  .err = ENOENT, .at_ns = trace_ms(t, 15.1), .dur_ns = 2000);
    TRACE_ADD(t, span_end, .id = 5, .end_ns = trace_ms(t, 15.5), .status = SPAN_FAILED,
              .load = LOAD_NOT_FOUND, .error = trace_string(t, "module 'no.such' not found"));
    TRACE_ADD(t, require_hit, .name = trace_string(t, "pl.utils"), .n = 12, .timed_n = 4,
              .timed_ns = 2000);
    TRACE_ADD(t, chunk, .key = 99, .name = trace_string(t, "=(load)"), .origin = CHUNK_LOAD,
              .load_n = 30, .repeat_n = 29, .bytes = 3000, .compile_ns = 900000, .run_n = 30,
              .run_ns = 100000);
}

static void demo_function(struct trace *t, uint64_t id, const char *module, const char *name)
{
    TRACE_ADD(t, function, .id = id, .address = 0x401000 + id * 64, .object = 0,
              .name = trace_string(t, name), .module = trace_string(t, module));
}

static void demo_counts(struct trace *t)
{
    demo_function(t, 0, "_G", "print");
    demo_function(t, 1, "string", "format");
    TRACE_ADD(t, function, .id = 2, .address = 0x402000, .name = trace_string(t, "read"),
              .module = trace_string(t, "io"), .type_name = trace_string(t, "FILE*"));
    TRACE_ADD(t, function, .id = 3, .address = 0x7f0000000123, .object = 1);
    TRACE_ADD(t, crossing, .function = 0, .down_n = 10, .down_timed_n = 10, .down_ns = 100000,
              .down_sq_us2 = 1100, .up_n = 4);
    TRACE_ADD(t, crossing, .function = 1, .down_n = 123456, .down_timed_n = 1000,
              .down_ns = 12345600, .down_sq_us2 = 2000);
    TRACE_ADD(t, crossing, .function = 2, .down_n = 7, .down_timed_n = 1, .down_ns = 7000);
    TRACE_ADD(t, crossing, .function = 3, .down_n = 3);
    TRACE_ADD(t, up_calls, .callk_n = 4, .pcallk_n = 2, .resume_n = 1, .host_n = 2);
    TRACE_ADD(t, loss, .what = LOSS_UNSEEN_RETURN, .n = 3);
    TRACE_ADD(t, loss, .what = LOSS_RING_FULL, .n = 1234);
}

static void demo_memory(struct trace *t)
{
    TRACE_ADD(t, state, .id = 1, .copy = 0, .tid = t->pid, .created_ns = trace_ms(t, 1.6),
              .create_ns = 20000, .closed_ns = trace_ms(t, 39), .peak_bytes = 500000,
              .close_live_bytes = 400000, .realloc_n = 900,
              .kind_n = {[ALLOC_OTHER] = 500, [ALLOC_STRING] = 2000, [ALLOC_TABLE] = 300},
              .kind_n_n = ALLOC_KIND_N,
              .kind_bytes = {[ALLOC_OTHER] = 90000, [ALLOC_STRING] = 80000, [ALLOC_TABLE] = 16800},
              .kind_bytes_n = ALLOC_KIND_N, .class_alloc_n = {0, 100, 1500, 900, 300},
              .class_alloc_n_n = SIZE_CLASS_N, .class_free_n = {0, 100, 1000, 0, 300},
              .class_free_n_n = SIZE_CLASS_N, .grow_bytes = 70000);
    TRACE_ADD(t, c_alloc, .object = 1, .alloc_n = 50, .alloc_bytes = 60000, .usable_bytes = 61000,
              .free_n = 40, .free_bytes = 50000);
    TRACE_ADD(t, c_alloc, .object = 0, .alloc_n = 1, .alloc_bytes = 8, .usable_bytes = 24);
    TRACE_ADD(t, c_heap, .live_bytes = 11000, .peak_bytes = 64000, .lua_calls_n = 4000);
    TRACE_ADD(t, self_cost, .drain_n = 2, .drain_ns = 300000, .attach_ns = 900000,
              .arena_bytes = 3000000, .written_bytes = 4000);
}

/* ---- memory ---- */

static void memory_site(struct trace *t, uint64_t id, uint64_t heap, uint64_t line, uint64_t kind)
{
    TRACE_ADD(t, node, .id = id, .kind = NODE_LUA, .value = 1, .line = line);
    TRACE_ADD(t, alloc_site, .id = id, .heap = heap, .lua = id, .kind = kind,
              .object = heap == HEAP_C ? 2 : 0);
}

/* N blocks of EACH bytes made, of which HELD live: then, and in parts of that at two checks before. */
static void memory_count(struct trace *t, uint64_t site, uint64_t n, uint64_t each, uint64_t held)
{
    uint64_t gone = n - held;
    TRACE_ADD(t, alloc_count, .site = site, .seen_n = n, .alloc_n = n, .alloc_bytes = n * each,
              .free_n = gone, .free_bytes = gone * each, .gc_free_n = gone,
              .gc_free_bytes = gone * each, .gc_ns = gone * 72, .live_n = (int64_t)held,
              .live_bytes = (int64_t)(held * each), .peak_n = (int64_t)held,
              .peak_bytes = (int64_t)(held * each), .check_n_n = 3, .check_bytes_n = 3,
              .check_n = {held / 2, held / 4, held / 8},
              .check_bytes = {held * each / 2, held * each / 4, held * each / 8});
}

static void memory_mark(struct trace *t, uint64_t id, const char *name, double ms, uint64_t bytes)
{
    TRACE_ADD(t, mark, .id = id, .name = trace_string(t, name), .origin = MARK_LUA,
              .at_ns = trace_ms(t, ms), .state = 1, .lua_bytes = bytes);
}

static void memory_once(struct trace *t)
{
    TRACE_ADD(t, alloc_count, .site = 3, .seen_n = 50, .alloc_n = 50, .alloc_bytes = 5000,
              .grow_n = 20, .grow_bytes = 3000, .live_n = 50, .live_bytes = 8000, .peak_n = 50,
              .peak_bytes = 8000, .check_n_n = 3, .check_bytes_n = 3, .check_n = {50, 50, 50},
              .check_bytes = {8000, 8000, 8000});
}

void trace_memory(struct trace *t)
{
    trace_process(t);
    demo_objects(t);
    TRACE_ADD(t, alloc_mode, .lua_mode = ALLOC_EXACT, .c_mode = ALLOC_EXACT, .sites_max = 1000);
    TRACE_ADD(t, proto, .id = 1, .source = trace_string(t, "@work.lua"), .line_defined = 5);
    memory_site(t, 1, HEAP_LUA, 10, ALLOC_TABLE);
    memory_site(t, 2, HEAP_LUA, 20, ALLOC_STRING);
    memory_site(t, 3, HEAP_LUA, 30, ALLOC_TABLE);
    memory_site(t, 4, HEAP_C, 40, 0);
    TRACE_ADD(t, alloc_count, .site = 2, .alloc_n = 10, .alloc_bytes = 400, .live_n = 10,
              .live_bytes = 400);
    memory_mark(t, 1, "begin", 5, 1000);
    memory_count(t, 1, 10000, 56, 4);
    memory_count(t, 2, 1000, 40, 900);
    memory_once(t);
    TRACE_ADD(t, alloc_count, .site = 4, .seen_n = 2, .alloc_n = 2, .alloc_bytes = 64, .live_n = 2,
              .live_bytes = 64);
    memory_mark(t, 2, "end", 30, 50000);
    TRACE_ADD(t, check, .clock = {500000, 250000, 125000}, .clock_n = 3);
    TRACE_ADD(t, state, .id = 1, .tid = t->pid, .created_ns = trace_ms(t, 1.6), .live_bytes = 44224,
              .peak_bytes = 60000, .grow_bytes = 3000,
              .kind_n = {[ALLOC_STRING] = 1000, [ALLOC_TABLE] = 10050}, .kind_n_n = ALLOC_KIND_N,
              .kind_bytes = {[ALLOC_STRING] = 40000, [ALLOC_TABLE] = 565000},
              .kind_bytes_n = ALLOC_KIND_N);
    TRACE_ADD(t, gc, .state = 1, .how = 15, .step_n = 90, .step_ns = 900000, .cycle_n = 3,
              .pause_max_ns = 30000, .finalize_n = 5, .finalize_ns = 2000, .close_finalize_n = 2,
              .close_finalize_ns = 700, .free_n = 10096, .free_bytes = 563776, .pause_n_n = 20,
              .pause_n = {[12] = 60, [13] = 20, [14] = 10});
    TRACE_ADD(t, gc_cycle, .state = 1, .kind = GC_INCREMENTAL, .begin_ns = trace_ms(t, 6),
              .end_ns = trace_ms(t, 9), .step_n = 30, .step_ns = 300000, .begin_bytes = 100000,
              .end_bytes = 40000, .free_bytes = 60000);
    for (int i = 0; i < 10; i++)
        TRACE_ADD(t, sample_memory, .at_ns = trace_ms(t, 3 + i * 3),
                  .lua_bytes = 5000u * (unsigned)i, .rss_bytes = 4000000,
                  .alloc_bytes = 60000u * (unsigned)i, .kinds = KINDS_EXACT, .kind_live_n = 6,
                  .kind_live = {[ALLOC_STRING] = 100, [ALLOC_TABLE] = 7});
    trace_end(t, 0);
    trace_frame(t);
}

void trace_demo(struct trace *t)
{
    trace_process(t);
    demo_objects(t);
    trace_frame(t);
    demo_modules(t);
    trace_frame(t);
    demo_counts(t);
    demo_memory(t);
    trace_end(t, 0);
    trace_frame(t);
}
