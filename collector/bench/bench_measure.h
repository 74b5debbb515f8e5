/* bench_measure: does the runs: warm-ups, then rounds.
 *
 * A round runs the reference and the app, in turn, at every value of the parameter, so that a slow moment
 * of the machine hits all of them. A round in which a run failed leaves no values: sides stay paired. Runs
 * under the shim are rounds of their own, after the plain ones.
 *
 * Without a number of runs: 10 rounds; where there is a reference, as many as a change of rule.detect needs
 * (versus_runs, asked again whenever that many are done), within the plan's time. */
#ifndef COLLECTOR_BENCH_BENCH_MEASURE_H
#define COLLECTOR_BENCH_BENCH_MEASURE_H

#include "collector/bench/bench_model.h"

struct bench_progress {
    const char *doing;   /* "warming up", "round", "round under the shim" */
    size_t done, wanted; /* rounds; wanted: as known so far */
    double left_s;       /* < 0: not known yet */
};

struct bench_measure {
    struct bench *bench;
    const char *dir;  /* a private directory for reports and traces */
    const char *shim; /* NULL: no metric wants it */
    void (*tell)(void *ctx, const struct bench_progress *p);  /* before each run */
    void (*failed)(void *ctx, const struct bench_failure *f); /* at once */
    void *ctx;
};

/* Returns 0, or -1 with ERR where measuring can not go on; what was measured stays in the bench. */
int bench_measure(struct bench_measure *m, struct err *err);

#endif
