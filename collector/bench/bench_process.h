/* bench_process: runs a program once and measures it from outside: wall time, CPU time, resident memory.
 *
 * The program gets a process group of its own, an empty standard input, the environment and working
 * directory of this process, and no shim unless it is asked for. */
#ifndef COLLECTOR_BENCH_BENCH_PROCESS_H
#define COLLECTOR_BENCH_BENCH_PROCESS_H

#include <stdint.h>

#include "collector/bench/bench_command.h"

enum bench_outcome {
    BENCH_OK,
    BENCH_EXIT,        /* number: its exit status, not 0 */
    BENCH_SIGNAL,      /* number: the signal */
    BENCH_TIMEOUT,     /* it was killed after its time */
    BENCH_NOT_STARTED, /* number: errno */
    BENCH_INTERRUPTED  /* it was killed because somebody wants us to end */
};

struct bench_surroundings {
    int show_output;      /* 0: standard output and error go to /dev/null */
    uint64_t timeout_ns;  /* 0: none */
    const char *ops_path; /* MODPROF_BENCH_OUT, or NULL */
    const char *shim;     /* preloaded where not NULL */
    const char *trace;    /* MODPROF_OUT then */
};

struct bench_process {
    enum bench_outcome outcome;
    int number;
    double wall_ns, user_ns, system_ns, rss_bytes;
};

/* From now on SIGINT, SIGTERM and SIGHUP do not end this process, but what bench_process_run runs. */
void bench_process_begin(void);
/* 1 once one of them came. */
int bench_process_interrupted(void);

void bench_process_run(struct bench_process *p, const struct bench_command *c,
                       const struct bench_surroundings *s);

/* "ended with exit status 3", "was ended by signal 11 (Segmentation fault)" ... to OUT[N]; returns OUT. */
const char *bench_outcome_say(char *out, size_t n, enum bench_outcome outcome, int number);
const char *bench_outcome_name(enum bench_outcome outcome); /* "ok", "exit", "signal" ... */

#endif
