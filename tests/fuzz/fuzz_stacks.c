/* fuzz_stacks: the records of one frame become stacks of every metric, in every shape and format.
 *
 * The first byte of an input chooses the shape and what frames are; the others are records, wrapped into an
 * intact frame.  Whatever they hold, sums must stay what they are: in each shape, and in a difference.
 *
 * Before the first input, seeds are written to the directory that FUZZ_SEEDS names, if it does. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_delta.h"
#include "collector/analyse/stack_metric.h"
#include "collector/ingest/ingest.h"
#include "collector/output/flame_export.h"
#include "collector/output/flame_folded.h"
#include "collector/output/flame_svg.h"
#include "tests/unit/trace_builder.c" /* so that this is one file for the build */

enum { INVERT_BIT = 1, MERGE_BIT = 2, HTML_BIT = 4, RECORDS_MAX = 1 << 16 };
enum { LUA = 0x400000, VM = LUA + 0x1010, LIBRARY = LUA + 0x200000 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void seed_write(const char *dir, const char *name, int shape, const struct trace *t)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f || fputc(shape, f) == EOF || fwrite(t->raw, 1, t->raw_n, f) != t->raw_n || fclose(f))
        abort();
}

static void node(struct trace *t, uint64_t id, uint64_t kind, uint64_t value, uint64_t flags)
{
    TRACE_ADD(t, node, .id = id, .parent = id % 8 == 1 ? 0 : id - 1, .kind = kind, .value = value,
              .line = id, .flags = flags);
}

/* Two stacks of eight nodes: native ones 1 to 8; Lua, C and a coroutine 9 to 16. */
static void seed_stacks(struct trace *t)
{
    TRACE_ADD(t, object, .id = 0, .path = trace_string(t, "/no/such/lua"), .lo = LUA,
              .hi = LUA + 0x100000, .bias = LUA);
    TRACE_ADD(t, copy, .id = 0, .object = 0, .version = trace_string(t, "Lua 5.4.4"));
    TRACE_ADD(t, code_role, .lo = LUA + 0x1000, .hi = LUA + 0x2000, .role = 1);
    TRACE_ADD(t, proto, .id = 1, .source = trace_string(t, "=<b>;\n\xff"), .line_defined = 3);
    TRACE_ADD(t, function, .id = 0, .address = LUA + 0x8000, .object = 0,
              .name = trace_string(t, "sort"), .module = trace_string(t, "table"));
    for (uint64_t id = 1; id <= 8; id++)
        node(t, id, NODE_NATIVE, id % 3 ? VM : id % 2 ? LUA + 0x8004 : LIBRARY, 0);
    for (uint64_t id = 9; id <= 16; id++)
        node(t, id,
             id == 12 ? NODE_COROUTINE
             : id % 2 ? NODE_LUA
                      : NODE_C_FUNCTION,
             1, id % 3 ? 0 : NODE_FRESH);
}

static void seeds(const char *dir, uint64_t clock, const char *name)
{
    struct trace t;
    trace_init(&t, 44);
    trace_process(&t);
    TRACE_ADD(&t, sampler, .clock = clock, .asked_hz = 999, .period_ns = 1000000);
    seed_stacks(&t);
    for (uint64_t i = 0; i < 20; i++)
        TRACE_ADD(&t, sample, .at_ns = trace_ms(&t, i), .tid = 44, .state = 1, .native = i % 9,
                  .lua = i % 2 ? 9 + i % 8 : 0, .periods = 1 + i % 3, .flags = i % 5);
    demo_objects(&t);
    demo_modules(&t);
    demo_counts(&t);
    demo_memory(&t);
    trace_end(&t, 0);
    seed_write(dir, name, 0, &t);
    trace_free(&t);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    const char *dir = getenv("FUZZ_SEEDS");
    if (dir) {
        seeds(dir, CLOCK_CPU, "cpu");
        seeds(dir, CLOCK_WALL, "wall");
    }
    return 0;
}

#define check(what) check_(what, #what)
static void check_(int is_true, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "not true: %s\n", what);
    abort();
}

static void tree_build(struct stack_tree *t, struct model *m, const struct stack_metric *metric,
                       const struct stack_choice *choice)
{
    struct stack_quality quality = {0};
    struct symbols *symbols = symbols_new();
    stack_tree_init(t, metric);
    for (size_t i = 0; i < m->process_n; i++)
        metric->add(&(struct stack_part){m->process[i], symbols, choice, t, 0, &quality});
    symbols_free(symbols);
}

static uint64_t sum(const struct stack_tree *t)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < t->nodes.n; i++)
        sum += stack_tree_at(t, i)->self;
    return sum;
}

static void write_all(const struct stack_tree *t, const struct stack_delta *d, int html, FILE *out)
{
    struct export_about about = {"fuzz", "/fuzz", 1, 2, 3};
    flame_folded(t, out);
    flame_folded_delta(d, out);
    flame_svg(t, &(struct flame_page){"fuzz", "", html, NULL}, out);
    flame_svg(&d->tree, &(struct flame_page){"fuzz", "", html, d}, out);
    check(!flame_pprof(t, &about, out));
    flame_speedscope(t, &about, out);
}

/* A tree beside itself as the sum of RUNS runs, by their shares: nothing has changed. */
static void delta_build(struct stack_delta *d, const struct stack_tree *t, size_t runs)
{
    stack_delta_build(d, (const struct delta_side[]){{t, 1}, {t, runs}}, 1);
    check(d->weight[0].total[DELTA_BEFORE] == d->weight[0].total[DELTA_AFTER]);
    for (uint32_t i = 0; i < d->tree.nodes.n; i++)
        check(stack_delta_change(d, i) == 0);
}

static void metric_feed(struct model *m, const struct stack_metric *metric, unsigned shape,
                        FILE *out)
{
    struct stack_choice choice = {.by = (enum frame_by)(shape / 8 % 3)};
    struct stack_tree plain, t;
    struct stack_delta d;
    tree_build(&plain, m, metric, &choice);
    tree_build(&t, m, metric, &choice);
    stack_tree_reshape(&t, &(struct stack_shape){.invert = shape & INVERT_BIT,
                                                 .merge_recursion = !!(shape & MERGE_BIT)});
    stack_tree_finish(&plain);
    stack_tree_finish(&t);
    check(sum(&plain) == sum(&t));
    check(stack_tree_at(&t, 0)->total == sum(&t));
    delta_build(&d, &t, 1);
    check(stack_tree_at(&d.tree, 0)->total == 2 * sum(&t));
    stack_delta_release(&d);
    delta_build(&d, &t, 3);
    write_all(&t, &d, shape & HTML_BIT, out);
    stack_delta_release(&d);
    stack_tree_release(&plain);
    stack_tree_release(&t);
}

static void feed(const struct trace *t, unsigned shape)
{
    static FILE *out;
    struct model m;
    struct err err;
    if (!out && !(out = fopen("/dev/null", "w")))
        abort();
    if (ingest_bytes("fuzz", t->bytes, t->n, &m, &err) == 0) {
        for (int i = 0; i < STACK_METRIC_N; i++)
            metric_feed(&m, stack_metric_at((enum stack_metric_id)i), shape, out);
        flame_chrome(m.process, m.process_n, out);
    }
    model_release(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct trace t;
    if (n < 2 || n > RECORDS_MAX)
        return 0;
    trace_init(&t, 1);
    t.stored = 1;
    trace_raw(&t, data + 1, n - 1);
    trace_frame(&t);
    feed(&t, data[0]);
    trace_free(&t);
    return 0;
}
