/* bench_trace: what the traces of one run say of the metrics that want the shim. */
#ifndef COLLECTOR_BENCH_BENCH_TRACE_H
#define COLLECTOR_BENCH_BENCH_TRACE_H

#include "collector/bench/bench_model.h"

/* Reads all traces in DIR and removes them. To OUT[metric_n]: of all processes together, their sum, or for figures
 * of the whole process (peaks) the largest; NAN where nothing matched or the metric is not of a trace.
 * Doubts about the figures are left in the metrics. Returns 0, or -1 with ERR. */
int bench_trace_take(struct bench *b, const char *dir, double *out, struct err *err);

#endif
