/* tick_source: what sends a thread the signal of the sampler.
 *
 * A thread begins with a POSIX timer on its own CPU clock: two cheap system calls, and no permission is
 * needed, but it goes off only at the kernel's ticks (mostly 250 a second) and says then how many periods
 * have gone by.  A perf event on the software CPU clock is as fine as asked for; the first one of a machine takes some
 * 10 ms inside the kernel, and many kernels refuse it.
 *
 * No signal interrupts a system call.  An event counts user time only and fires in the middle of the
 * thread's own code. A timer on user time is looked at only at ticks that found the thread in its own code.
 * A timer on all CPU time is taken only where the kernel (5.10 and later) sends its signal on the way back from the
 * system call, whose result stands by then.
 *
 * An event lives as long as what is mapped from it.  Its descriptor serves to change its distance only: it stays open where
 * one of the numbers from 200 to 263 is free (else it is closed, and the distance stays what it is), and is not needed where the host closes it.
 *
 * Context: as said at each call. */
#ifndef SHIM_SAMPLER_TICK_SOURCE_H
#define SHIM_SAMPLER_TICK_SOURCE_H

#include <signal.h>
#include <stdint.h>

enum { TICK_SOURCE_NONE = 4096 /* of all threads at a time */ };

/* Which clock timers go by. */
enum tick_clock { TICK_USER_TIME, TICK_CPU_TIME };

/* Whether the kernel would give this process perf events; makes none.  Host thread. */
int tick_source_perf_permitted(void);

/* Whether a timer on all CPU time leaves system calls alone here. */
int tick_source_cpu_time_is_safe(void);

/* Whether an event costs this machine little enough for samples that nobody asked for: on its own it takes 1 or 2 us, in a virtual
 * machine often 40.  Takes 0.3 to 1 ms, and where no other event is in use some 10 ms inside the kernel.  Signal handler. */
int tick_source_perf_is_cheap(void);

/* Begin to send arena->sampler.signal to the calling thread each DISTANCE_NS.  Return a number,
 * or TICK_SOURCE_NONE with errno set.  Host threads, signal handlers. */
uint32_t tick_source_timer(enum tick_clock clock, uint64_t distance_ns);
uint32_t tick_source_perf(uint64_t distance_ns);

/* From now on event N, of the calling thread, falls due each DISTANCE_NS.  Returns 0; 1: that could never be changed; -1: not any more, since
 * somebody closed its descriptor.  Signal handler. */
int tick_source_change(uint32_t n, uint64_t distance_ns);

/* Ends source N, if it is one.  Any context. */
void tick_source_end(uint32_t n);
/* Ends all; none begins any more. */
void tick_source_end_all(void);
/* In a fork's child: nothing was inherited, but descriptors. */
void tick_source_forget(void);
/* Events go on as they are, without descriptors. */
void tick_source_let_go(void);

/* How often event N fell due so far, also while its signal could not come; 0: it is a timer, whose signal says so. */
uint64_t tick_source_due(uint32_t n);

/* 1: N is a timer. */
int tick_source_is_timer(uint32_t n);

/* How many ticks a signal stands for; 0: no source sent it. */
uint64_t tick_source_ticks(const siginfo_t *info);

#endif
