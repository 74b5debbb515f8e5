/* trace_maker: writes traces for the tests of the collector.  trace_maker demo|many|open|large|sites FILE */
/* LINK: tests/unit/trace_builder.c wire/record.c wire/frame.c -lzstd */
#include <stdio.h>
#include <string.h>

#include "tests/unit/trace_builder.h"
#include "wire/enums.h"

/* 5,000 modules, seven deep, and 4,096 functions. */
static void modules(struct trace *t)
{
    enum { MODULES = 5000, FUNCTIONS = 4096, DEEP = 7 };
    char name[40];
    for (int i = 0; i < MODULES; i++) {
        int left = DEEP - i % DEEP;
        snprintf(name, sizeof name, "group%d.module%d", i / DEEP, i % DEEP);
        trace_span(t, &(struct trace_span){(uint64_t)i + 1, i % DEEP ? (uint64_t)i : 0, name, i,
                                           i + left * 0.9, left * 0.9 - 0.2});
    }
    for (int i = 0; i < FUNCTIONS; i++) {
        snprintf(name, sizeof name, "function%d", i);
        TRACE_ADD(t, function, .id = (uint64_t)i, .name = trace_string(t, name),
                  .module = trace_string(t, i % 2 ? "even" : "odd"));
        TRACE_ADD(t, crossing, .function = (uint64_t)i, .down_n = (uint64_t)i + 1);
    }
}

static void many(struct trace *t)
{
    trace_process(t);
    modules(t);
    trace_end(t, 0);
    trace_frame(t);
}

enum { FUNCTIONS = 3000, STACKS = 200000, SAMPLES = 1000000, THREADS = 4 };

static void functions(struct trace *t)
{
    char file[60];
    for (uint64_t i = 0; i < FUNCTIONS; i++) {
        snprintf(file, sizeof file, "@/app/part%d/file%d.lua", (int)i % 50, (int)i % 1000);
        TRACE_ADD(t, proto, .id = i + 1, .source = trace_string(t, file),
                  .line_defined = 10 * (i / 1000) + 1, .last_line = 10 * (i / 1000) + 9);
    }
}

/* A tree of calls in which every node is one stack that was seen; deeper ones are rarer. */
static void stacks(struct trace *t)
{
    unsigned seed = 1;
    for (uint64_t id = 1; id <= STACKS; id++) {
        seed = seed * 1103515245 + 12345;
        uint64_t parent = id < 20 ? 0 : id - 1 - (seed >> 8) % (id > 5000 ? 5000 : id - 1);
        TRACE_ADD(t, node, .id = id, .parent = parent, .kind = NODE_LUA,
                  .value = (seed >> 4) % FUNCTIONS + 1, .line = (seed >> 12) % 9 + 1,
                  .flags = parent ? 0 : NODE_FRESH);
    }
}

/* 1,000,000 samples in 250 s on four threads: many of few stacks, few of many. */
static void samples(struct trace *t)
{
    unsigned seed = 7;
    TRACE_ADD(t, sampler, .clock = CLOCK_CPU, .asked_hz = 1000, .period_ns = 1000000,
              .mechanism = SAMPLER_PERF);
    for (uint64_t i = 0; i < THREADS; i++)
        TRACE_ADD(t, thread, .tid = 100 + i, .name = trace_bytes(i ? "worker" : "main"),
                  .samples_n = SAMPLES / THREADS);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        seed = seed * 1103515245 + 12345;
        uint64_t lua = i % 5 ? 1 + (seed >> 8) % 2000 * 100 % STACKS : 1 + i / 5 % STACKS;
        TRACE_ADD(t, sample, .at_ns = trace_ms(t, (double)i / THREADS), .tid = 100 + i % THREADS,
                  .state = 1 + i % 2, .lua = lua, .periods = 1, .flags = SAMPLE_NO_NATIVE);
    }
}

/* What the page must open at once: docs/PAGE.md. */
static void large(struct trace *t)
{
    trace_process(t);
    modules(t);
    functions(t);
    stacks(t);
    samples(t);
    trace_end(t, 0);
    trace_frame(t);
}

/* As many allocation sites as stacks, exact: site I made I + 100 bytes in one block, and holds these if I is odd. */
static void sites(struct trace *t)
{
    trace_process(t);
    functions(t);
    stacks(t);
    TRACE_ADD(t, alloc_mode, .lua_mode = ALLOC_EXACT);
    for (uint64_t id = 1; id <= STACKS; id++) {
        TRACE_ADD(t, alloc_site, .id = id, .heap = HEAP_LUA, .lua = id,
                  .kind = ALLOC_STRING + id % 4);
        TRACE_ADD(t, alloc_count, .site = id, .seen_n = 1, .alloc_n = 1, .alloc_bytes = id + 100,
                  .free_n = id % 2 ? 0 : 1, .free_bytes = id % 2 ? 0 : id + 100, .live_n = id % 2,
                  .live_bytes = id % 2 ? (int64_t)(id + 100) : 0, .close_n = id % 2,
                  .close_bytes = id % 2 ? (int64_t)(id + 100) : 0);
    }
    trace_end(t, 0);
    trace_frame(t);
}

/* No end record, and no shared memory to complete it from. */
static void open_ended(struct trace *t)
{
    trace_process(t);
    trace_span(t, &(struct trace_span){1, 0, "app", 1, 2, 0.5});
    trace_frame(t);
}

int main(int argc, char **argv)
{
    struct trace t;
    if (argc != 3)
        return 2;
    trace_init(&t, 4242);
    if (!strcmp(argv[1], "demo"))
        trace_demo(&t);
    else if (!strcmp(argv[1], "many"))
        many(&t);
    else if (!strcmp(argv[1], "large"))
        large(&t);
    else if (!strcmp(argv[1], "sites"))
        sites(&t);
    else
        open_ended(&t);
    FILE *f = fopen(argv[2], "w");
    int bad = !f || fwrite(t.bytes, 1, t.n, f) != t.n || fclose(f);
    trace_free(&t);
    return bad;
}
