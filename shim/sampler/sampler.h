/* sampler: CPU samples of every thread that runs Lua (MODPROF_CPU=N, N samples a second of CPU time).
 *
 * Each thread has a source of ticks (tick_source.h) that sends it SIGURG (or MODPROF_CPU_SIGNAL) while it
 * runs.  No system call is interrupted.
 *
 * Context: as said at each call. */
#ifndef SHIM_SAMPLER_SAMPLER_H
#define SHIM_SAMPLER_SAMPLER_H

#include "shim/attach/copy.h"

/* A host is about to make its first state of C: starts sampling where it was asked for.  What has
 * to be known of C is learnt at the first sample.  Host thread. */
void sampler_copy(struct lua_copy *c);

/* Begins to sample this thread if that was not done yet.  Host thread. */
void sampler_thread(void);

struct tick_thread;
/* Tries a finer source of ticks.  Signal handler of that thread. */
void sampler_finer(struct tick_thread *t);
/* Its event is to fall due at another distance from now on.  Signal handler of that thread. */
void sampler_pace(struct tick_thread *t);
/* How far apart ticks are on average. */
uint64_t sampler_distance_ns(void);

/* 1: the program has fenced itself in (seccomp): no system call that it may not foresee.  Any context. */
int sampler_is_fenced(void);
/* It is about to. Threads that are sampled go on to be, by what they have; no new ones are. */
void sampler_fence(void);

/* In a child made past fork(), whose handlers do not run. */
void sampler_fork_child(void);

/* 1 while signal N is the sampler's. Any context. */
int sampler_owns(int n);

/* 1 while samples are taken. Any context. */
int sampler_is_on(void);

/* Ends the sampling, and says WHY in the trace.  Any context. */
void sampler_give_up(const char *why);

/* No further samples; running handlers end.  Any context. */
void sampler_stop(void);

#endif
