/* bench_ops: what the program itself reports of its operations while it is measured.
 *
 * It appends lines to the file that MODPROF_BENCH_OUT names (unset outside of `modprof bench`):
 *     time NAME NANOSECONDS [COUNT]   COUNT operations (1) took this long together
 *     value NAME NUMBER [UNIT]        any figure: ns, bytes, count or a unit of its own
 * NAME has no blanks. Anything else is counted as a line that was not understood. */
#ifndef COLLECTOR_BENCH_BENCH_OPS_H
#define COLLECTOR_BENCH_BENCH_OPS_H

#include <stddef.h>
#include <stdint.h>

enum { OPS_NAMES_MAX = 64, OPS_NAME_MAX = 64, OPS_SAMPLES_MAX = 1 << 20 };

/* One name in one run. */
struct bench_op {
    char name[OPS_NAME_MAX], unit[16];
    int is_value;   /* 1: SAMPLE holds values; 0: ns of one operation */
    double *sample; /* at most OPS_SAMPLES_MAX; the rest is in the sums only */
    size_t n, cap;
    double total_ns, count; /* of all operations */
};

struct bench_ops {
    struct bench_op *at;
    size_t n, cap;
    size_t strange;  /* lines that were not understood */
    size_t nameless; /* lines beyond OPS_NAMES_MAX names */
};

/* Reads the file and empties it. A file that is not there has no operations. */
void bench_ops_take(struct bench_ops *o, const char *path);
void bench_ops_release(struct bench_ops *o);

#endif
