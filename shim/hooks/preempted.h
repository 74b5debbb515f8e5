/* preempted: takes the time that a thread was kept off its CPU by others out of a timed call.
 *
 * A timed call may stand for a thousand.  Where another program took the CPU in the middle of it,
 * for some milliseconds, it would make seconds of them.  So for calls that stand for many the kernel
 * is asked for the thread's CPU time and context switches (some 0.6 us, once in a
 * thousand calls): a call that lost the CPU, but never gave it up to wait for something, took its CPU time.
 *
 * A function whose calls are short can not afford even that. Of its calls one in PREEMPTED_ONE_IN is watched, by lot; where one took long,
 * it counts for as many, and one that was not watched is left out: so the sum is right in the mean.
 *
 * The collector's steps are as many, and some of them are long. A step that lost the CPU takes the thread's CPU time since a
 * look at most 1 ms before it, without what was before the step where that can be told: never less than its own, but for what
 * interrupts took of the time before, and never more than the clock says.
 *
 * A host that fenced itself in (seccomp) is asked nothing: its times are those on the clock.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_PREEMPTED_H
#define SHIM_HOOKS_PREEMPTED_H

#include <stdint.h>

#include "shim/platform.h"

enum { PREEMPTED_ONE_IN = 8 };

/* In the lowest bits of the moment at which a call begins. */
enum preempted_how {
    PREEMPTED_PLAIN = 0, /* watched always, or stands for few */
    PREEMPTED_UNWATCHED = 1,
    PREEMPTED_BY_LOT = 2,
    PREEMPTED_HOW = 3 /* mask */
};

/* The moment at which a watched call begins.  Of calls nested in one another only the last one begun
 * is watched. */
uint64_t preempted_begin(void);

/* The moment at which a call begins that is watched by lot. */
uint64_t preempted_begin_by_lot(void);

/* How often the call that began at BEGIN_NS and lasted TOOK_NS on the clock counts: 0, 1 or PREEMPTED_ONE_IN times. */
uint32_t preempted_times(uint64_t begin_ns, uint64_t took_ns);

/* What the call took that began at BEGIN_NS and lasted TOOK_NS on the clock. */
uint64_t preempted_took(uint64_t begin_ns, uint64_t took_ns);

/* A thread's times at a moment. */
struct preempted_times {
    uint64_t at_ns; /* 0: they are not known */
    uint64_t cpu_ns;
    long waited_n, lost_n; /* the CPU was given up, was taken away */
};

struct preempted_step {
    uint64_t begin_ns;
    struct preempted_times looked; /* not long before */
};

/* Begins a step; costs a system call at most every ms. */
void preempted_step_begin(struct preempted_step *s);
/* What the step took, which ends now. */
uint64_t preempted_step_took(const struct preempted_step *s);

#endif
