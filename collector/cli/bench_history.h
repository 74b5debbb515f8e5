/* bench_history: what `modprof bench` takes from the history, and adds to it. */
#ifndef COLLECTOR_CLI_BENCH_HISTORY_H
#define COLLECTOR_CLI_BENCH_HISTORY_H

#include "collector/bench/bench_model.h"
#include "collector/cli/bench_settings.h"
#include "collector/history/machine.h"
#include "collector/history/revision.h"

struct bench_history {
    char machine[MACHINE_MAX];
    struct revision revision;
    char *baseline_text; /* "of 2026-01-02 03:04:05, commit abc" */
    char *missing;       /* why the baseline can not be used, or NULL */
};

/* Finds out where we are, and puts the baseline's values to the reference of B's metrics. Returns 0, or an exit
 * status after saying what was wrong. */
int bench_history_begin(struct bench_history *h, const struct bench_settings *s, struct bench *b);

/* Saves the run, where that is wanted; one that REGRESSED against a baseline gets no baseline's name. Returns 0, or an
 * exit status after saying what was wrong. */
int bench_history_end(const struct bench_history *h, const struct bench_settings *s,
                      const struct bench *b, int regressed);

void bench_history_release(struct bench_history *h);

#endif
