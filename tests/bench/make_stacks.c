/* make_stacks: writes a trace of CPU samples for measurements: make_stacks SAMPLES STACKS FILE
 *
 * 2,000 Lua functions in 100 files and 1,000 native addresses; two random trees of nodes, up to 60 deep;
 * STACKS pairs of one node of each, some of them far more frequent than others; 8 threads, one sample
 * each millisecond. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/trace_builder.h"
#include "wire/enums.h"

enum {
    PROTOS = 2000,
    FILES = 100,
    ADDRESSES = 1000,
    THREADS = 8,
    DEPTH_MAX = 60,
    LUA = 0x400000,
    VM = LUA + 0x1010
};

static uint64_t seed = 88172645463325252u;

static uint64_t random_u64(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

/* Frames are written as they are full: the trace is much larger than what is kept of it. */
static void flush(struct trace *t, FILE *out)
{
    fwrite(t->bytes, 1, t->n, out);
    t->n = 0;
}

static void functions(struct trace *t)
{
    uint32_t file[FILES];
    char name[64];
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "@/srv/app/part%d/file%d.lua", i / 10, i);
        file[i] = trace_string(t, name);
    }
    for (int i = 0; i < PROTOS; i++)
        TRACE_ADD(t, proto, .id = (uint64_t)i + 1, .source = file[i % FILES],
                  .line_defined = (uint64_t)(i / FILES) * 50,
                  .last_line = (uint64_t)(i / FILES) * 50 + 40);
    TRACE_ADD(t, object, .id = 0, .path = trace_string(t, "/usr/bin/lua5.4"), .lo = LUA,
              .hi = LUA + 0x100000, .bias = LUA);
    TRACE_ADD(t, copy, .id = 0, .object = 0, .version = trace_string(t, "Lua 5.4.4"), .layout = 1);
    TRACE_ADD(t, code_role, .copy = 0, .lo = LUA + 0x1000, .hi = LUA + 0x2000, .role = 1);
}

/* Most calls are made by what runs just now: deep stacks. */
static uint64_t some_parent(uint64_t i)
{
    uint64_t near = i < 1000 ? i : 1000;
    return !i ? 0 : random_u64() % 8 ? i - 1 - random_u64() % near : random_u64() % i;
}

static void native_node(struct trace *t, uint64_t id, uint64_t parent)
{
    uint64_t other = LUA + 0x3000 + random_u64() % ADDRESSES * 64;
    TRACE_ADD(t, node, .id = id, .parent = parent, .kind = NODE_NATIVE,
              .value = random_u64() % 4 ? other : VM);
}

static void lua_node(struct trace *t, uint64_t id, uint64_t parent)
{
    TRACE_ADD(t, node, .id = id, .parent = parent, .kind = NODE_LUA,
              .value = 1 + random_u64() % PROTOS, .line = 1 + random_u64() % 1000,
              .flags = random_u64() % 8 ? 0 : NODE_FRESH);
}

/* A tree of N nodes; ids from FIRST on. */
static void nodes(struct trace *t, FILE *out, uint64_t first, uint64_t n, int native)
{
    unsigned char *depth = calloc(n, 1);
    if (!depth)
        abort();
    for (uint64_t i = 0; i < n; i++) {
        uint64_t parent = some_parent(i);
        while (i && depth[parent] >= DEPTH_MAX)
            parent /= 2;
        depth[i] = i ? (unsigned char)(depth[parent] + 1) : 0;
        (native ? native_node : lua_node)(t, first + i, i ? first + parent : 0);
        if (i % 10000 == 0)
            flush(t, out);
    }
    free(depth);
}

static void samples(struct trace *t, FILE *out, uint64_t n, uint64_t stacks)
{
    uint64_t lua_n = stacks / 2 + 1, native_n = stacks / 4 + 1;
    nodes(t, out, 1, lua_n, 0);
    nodes(t, out, 1 + lua_n, native_n, 1);
    for (uint64_t i = 0; i < n; i++) {
        double u = (double)(random_u64() >> 11) / 9007199254740992.0;
        uint64_t stack = i < stacks ? i : (uint64_t)((double)stacks * u * u);
        TRACE_ADD(t, sample, .at_ns = t->start_mono_ns + i / THREADS * 1000000,
                  .tid = t->pid + stack % THREADS, .state = 1,
                  .native = 1 + lua_n + stack * 7919 % native_n, .lua = 1 + stack * 104729 % lua_n,
                  .periods = 1);
        if (i % 100000 == 0)
            flush(t, out);
    }
}

int main(int argc, char **argv)
{
    struct trace t;
    FILE *out = argc == 4 ? fopen(argv[3], "w") : NULL;
    if (!out)
        return 2;
    trace_init(&t, 4242);
    trace_process(&t);
    functions(&t);
    TRACE_ADD(&t, sampler, .clock = CLOCK_CPU, .asked_hz = 999, .period_ns = 1000000,
              .mechanism = SAMPLER_PERF);
    samples(&t, out, strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10));
    trace_end(&t, 0);
    trace_frame(&t);
    flush(&t, out);
    trace_free(&t);
    return ferror(out) || fclose(out) ? 1 : 0;
}
