/* trace_builder: makes traces for tests, with the same encoders as the shim.
 *
 * Records collect in a frame until trace_frame; the finished stream is `bytes`. */
#ifndef TESTS_UNIT_TRACE_BUILDER_H
#define TESTS_UNIT_TRACE_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "wire/record.h"

struct trace {
    uint8_t *bytes; /* the stream so far */
    size_t n;
    uint8_t *raw; /* records of the frame being filled */
    size_t raw_n;
    uint32_t pid, seq, string_id;
    uint64_t start_real_ns, start_mono_ns;
    int stored; /* 1: frames are not compressed */
};

void trace_init(struct trace *t, uint32_t pid);
void trace_free(struct trace *t);

/* Ends the frame; nothing where it is empty. */
void trace_frame(struct trace *t);
/* Adds encoded bytes to the frame as they are. */
void trace_raw(struct trace *t, const uint8_t *record, size_t n);
#define TRACE_ADD(t, name, ...) \
    do { \
        uint8_t buf_[8192]; \
        struct rec_##name r_ = {__VA_ARGS__}; \
        trace_raw(t, buf_, rec_##name##_encode(&r_, buf_, sizeof buf_)); \
    } while (0)

/* Defines a string and returns its id. */
uint32_t trace_string(struct trace *t, const char *z);
struct rec_bytes trace_bytes(const char *z);
/* The process record, as of a stock lua5.4. */
void trace_process(struct trace *t);
void trace_end(struct trace *t, uint64_t status);
/* MS milliseconds after process start, on the monotonic clock. */
uint64_t trace_ms(const struct trace *t, double ms);

/* A require of the Lua file NAME from BEGIN to END ms, of which RUN ran the body. */
struct trace_span {
    uint64_t id, parent;
    const char *name;
    double begin, end, run;
};
void trace_span(struct trace *t, const struct trace_span *s);

/* A process with allocation by stack: work.lua's line 10 makes and loses tables, line 20 keeps ever more strings, line
 * 30 made a table once, a C library called from line 40 holds blocks; marks "begin" and "end"; a collector; ended. */
void trace_memory(struct trace *t);

/* A whole, realistic process: objects, functions, nested and failed modules, crossings, states,
 * allocations, losses, milestones; ended. */
void trace_demo(struct trace *t);

#endif
