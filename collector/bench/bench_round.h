/* bench_round: one round: the reference and the app at every value of the parameter. */
#ifndef COLLECTOR_BENCH_BENCH_ROUND_H
#define COLLECTOR_BENCH_BENCH_ROUND_H

#include "collector/bench/bench_measure.h"

/* ROUND 0: warming up, nothing is kept. TRACED: under the shim. Failures go to the bench, which they stop
 * unless they are to be ignored. Returns 0, or -1 with ERR. */
int bench_round(struct bench_measure *m, int traced, size_t round, struct err *err);

#endif
