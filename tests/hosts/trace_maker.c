/* trace_maker: writes traces for the tests of the collector.  trace_maker demo|many|open FILE */
/* LINK: tests/unit/trace_builder.c wire/record.c wire/frame.c -lzstd */
#include <stdio.h>
#include <string.h>

#include "tests/unit/trace_builder.h"

/* 5,000 modules, seven deep, and 4,096 functions. */
static void many(struct trace *t)
{
    enum { MODULES = 5000, FUNCTIONS = 4096, DEEP = 7 };
    char name[40];
    trace_process(t);
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
    else
        open_ended(&t);
    FILE *f = fopen(argv[2], "w");
    int bad = !f || fwrite(t.bytes, 1, t.n, f) != t.n || fclose(f);
    trace_free(&t);
    return bad;
}
