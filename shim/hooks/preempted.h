/* preempted: takes the time that a thread was kept off its CPU by others out of a timed call.
 *
 * A timed call may stand for a thousand.  Where another program took the CPU in the middle of it,
 * for some milliseconds, it would make seconds of them.  So for calls that stand for many the kernel
 * is asked for the thread's CPU time and context switches (getrusage, some 0.3 us, once in a
 * thousand calls): a call that lost the CPU, but never gave it up to wait for something, took its CPU time.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_PREEMPTED_H
#define SHIM_HOOKS_PREEMPTED_H

#include <stdint.h>

#include "shim/platform.h"

/* The moment at which a watched call begins.  Of calls nested in one another only the last one begun
 * is watched. */
uint64_t preempted_begin(void);

/* What the call took that began at BEGIN_NS and lasted TOOK_NS on the clock. */
uint64_t preempted_took(uint64_t begin_ns, uint64_t took_ns);

#endif
