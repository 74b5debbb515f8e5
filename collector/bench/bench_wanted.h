/* bench_wanted: which metric a name on the command line means.
 *
 * wall, cpu, user, system, rss: measured from outside, without the shim.  op.NAME.p50 (p95, p99, rate)
 * and value.NAME: what the program reports.  Anything else is a metric of the profiler
 * (collector/budget/metrics.def), NAME or NAME:PLACE, the place a name or pattern as in a budget. */
#ifndef COLLECTOR_BENCH_BENCH_WANTED_H
#define COLLECTOR_BENCH_BENCH_WANTED_H

#include "collector/bench/bench_model.h"

/* Adds the metric to B, to be judged. Returns 0, or -1 with ERR: unknown, twice, a place it does not have. */
int bench_wanted_add(struct bench *b, const char *name, struct err *err);

/* Without a wish: wall time is judged, CPU time and resident memory are shown. */
void bench_wanted_usual(struct bench *b);

/* What a metric of the profiler measures: one sum, with texts in POOL; its sets of names are released by the caller.
 * Returns 0, or -1 with ERR. */
int bench_wanted_rule(struct rule *r, const char *name, struct pool *pool, struct err *err);

/* Sets what is known of a metric of the program's own from its name; UNIT: as the program says. */
void bench_wanted_op(struct bench_metric *m, const char *unit);

#endif
