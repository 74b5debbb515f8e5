/* tick_cost: what samples take, in CPU time of the thread: other programs that got the processor in the
 * middle of one do not count.
 *
 * To ask the kernel twice costs as much as a good part of a sample (0.2 to 1.5 us each), so one in
 * TICK_COST_ONE_IN is measured; which ones differs from thread to thread, since a thread's first sample, which touches memory for
 * the first time, is to count as one of all.
 *
 * Context: signal handler. */
#ifndef SHIM_SAMPLER_TICK_COST_H
#define SHIM_SAMPLER_TICK_COST_H

#include <stdint.h>

enum { TICK_COST_ONE_IN = 8 };

/* A sample begins, number N of its thread's, which may begin to count anywhere.  Returns what tick_cost_end wants. */
uint64_t tick_cost_begin(uint64_t n);
void tick_cost_end(uint64_t begin_ns);

#endif
