/* bench_model: what is measured, how, and what came of it.
 *
 * Filled by the command line (plan, commands, metrics), then by bench_measure.c (samples, failures); read
 * by bench_judge.c and the outputs. */
#ifndef COLLECTOR_BENCH_BENCH_MODEL_H
#define COLLECTOR_BENCH_BENCH_MODEL_H

#include <stdint.h>

#include "collector/bench/bench_command.h"
#include "collector/bench/bench_process.h"
#include "collector/budget/budget.h"
#include "collector/stat/versus.h"

/* The app is what is judged; the reference is what it is held against: another command, run in turn
 * with it, or the values of a baseline. */
enum bench_side { SIDE_APP, SIDE_REFERENCE, SIDE_N };

enum bench_source {
    SOURCE_WALL,
    SOURCE_CPU,
    SOURCE_USER,
    SOURCE_SYSTEM,
    SOURCE_RSS,
    SOURCE_OPS,  /* what the program reports */
    SOURCE_TRACE /* what the shim counts, in runs of its own */
};

struct bench_samples {
    double *at; /* in the order of the rounds */
    size_t n, cap;
};

struct bench_metric {
    char *name;
    enum bench_source source;
    char unit[16]; /* "ns", "bytes", "count", or the program's own */
    int more_is_better, counted;
    int judged;                           /* 0: shown only */
    struct rule rule;                     /* SOURCE_TRACE */
    struct bench_samples *sample[SIDE_N]; /* [value_n] */
    char *doubt;                          /* why figures may be too low; NULL */
};

/* One size of the work; without a parameter there is one, with no text. */
struct bench_value {
    char *text;  /* "10000"; NULL: no parameter */
    double size; /* NAN: no number */
};

struct bench_failure {
    enum bench_side side;
    size_t value, round; /* round: from 1; 0: while warming up */
    enum bench_outcome outcome;
    int number;
    int prepare; /* 1: the --prepare command */
};

struct bench_plan {
    size_t runs; /* 0: as many as are needed */
    size_t warmups;
    uint64_t time_ns; /* 0: no limit */
    int ignore_failure, show_output;
    uint64_t timeout_ns;
    struct bench_command prepare; /* argc 0: none */
    struct versus_rule rule;
    int all_ops; /* 1: operations that nobody asked for are shown too */
};

enum { BENCH_FAILURES_MAX = 1000 };

struct bench {
    struct bench_plan plan;
    struct bench_command command[SIDE_N]; /* argc 0: none */
    struct bench_command *filled[SIDE_N]; /* [value_n] */
    int compared;                         /* 1: there is a reference */
    char *param;                          /* its name, or NULL */
    struct bench_value *value;
    size_t value_n, value_cap;
    struct bench_metric *metric;
    size_t metric_n, metric_cap;
    struct bench_failure *failure;
    size_t failure_n, failure_cap, failures_more;
    size_t rounds, traced_rounds;
    size_t strange;           /* lines of MODPROF_BENCH_OUT that were not understood */
    int interrupted, stopped; /* stopped: by a failure */
    struct pool pool;
};

/* Ready for metrics once the values are known: makes room for samples. */
struct bench_metric *bench_metric_add(struct bench *b, const char *name, enum bench_source source);
struct bench_metric *bench_metric_named(const struct bench *b, const char *name);
void bench_sample_add(struct bench_metric *m, enum bench_side side, size_t value, double v);

/* 1 where the I-th values of both sides belong to one round. */
int bench_paired(const struct bench *b, const struct bench_metric *m, size_t value);
/* The rule of comparison for M: alpha shared among all that is judged. */
struct versus_rule bench_rule(const struct bench *b, const struct bench_metric *m);

/* Fills the commands for each value. */
void bench_fill(struct bench *b);
void bench_release(struct bench *b);

#endif
