/* make_trace MIB FILE: a trace of that size, as of a server that ran for long: 20,000 module loads of 5,000 names,
 * 4,096 C functions whose counters are told again and again, and CPU samples for the rest. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/trace_builder.h"

enum { MODULES = 5000, LOADS = 20000, FUNCTIONS = 4096, NODES = 20000, COUNTERS_EVERY = 50000 };

static uint64_t seed = 1;

static uint64_t any(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static void loads(struct trace *t)
{
    char name[40];
    for (int i = 0; i < LOADS; i++) {
        snprintf(name, sizeof name, "group%d.module%d", i % MODULES / 50, i % MODULES);
        trace_span(t, &(struct trace_span){(uint64_t)i + 1, i % 7 ? (uint64_t)i : 0, name, i,
                                           i + 7 - i % 7 - 0.1 * (double)any(5), 0.3});
    }
}

static void functions(struct trace *t)
{
    char name[40];
    uint32_t string = trace_string(t, "string");
    for (int i = 0; i < FUNCTIONS; i++) {
        snprintf(name, sizeof name, "function%d", i);
        TRACE_ADD(t, function, .id = (uint64_t)i, .name = trace_string(t, name), .module = string);
    }
    for (uint64_t i = 1; i <= NODES; i++)
        TRACE_ADD(t, node, .id = i, .parent = i > 20 ? any(i - 1) + 1 : 0, .kind = 3,
                  .value = any(FUNCTIONS) + 1);
}

static void counters(struct trace *t, uint64_t round)
{
    for (int i = 0; i < FUNCTIONS; i++)
        TRACE_ADD(t, crossing, .function = (uint64_t)i, .down_n = round * 1000 + any(1000),
                  .down_timed_n = round * 10, .down_ns = round * 100000 + any(100000));
}

static int write_out(struct trace *t, FILE *out, size_t *written)
{
    size_t n = t->n;
    *written += n;
    t->n = 0;
    return fwrite(t->bytes, 1, n, out) != n;
}

int main(int argc, char **argv)
{
    struct trace t;
    size_t written = 0;
    if (argc != 3)
        return fputs("usage: make_trace MIB FILE\n", stderr), 2;
    size_t wanted = strtoul(argv[1], NULL, 10) << 20;
    FILE *out = fopen(argv[2], "w");
    if (!out)
        return perror(argv[2]), 1;
    trace_init(&t, 4242);
    trace_process(&t);
    TRACE_ADD(&t, copy, .id = 0, .layout = 1);
    TRACE_ADD(&t, sampler, .clock = 1, .asked_hz = 999, .period_ns = 1001001, .mechanism = 1);
    loads(&t);
    functions(&t);
    int bad = 0;
    for (uint64_t i = 0; !bad && written < wanted; i++) {
        if (i % COUNTERS_EVERY == 0)
            counters(&t, i / COUNTERS_EVERY + 1);
        TRACE_ADD(&t, sample, .at_ns = trace_ms(&t, (double)i) + any(100000), .tid = 1 + any(4),
                  .state = 1, .native = 0, .lua = any(NODES) + 1, .periods = 1);
        if (t.n)
            bad = write_out(&t, out, &written);
    }
    trace_end(&t, 0);
    trace_frame(&t);
    bad |= write_out(&t, out, &written);
    trace_free(&t);
    return fclose(out) || bad;
}
