/* sampler: CPU samples of every thread that runs Lua (MODPROF_CPU=N, N samples a second of CPU time).
 *
 * Each thread has a perf event on the software CPU clock that counts user time only and sends SIGURG
 * (or MODPROF_CPU_SIGNAL) to that thread.  The event fires only while the thread executes its own code,
 * so no system call is ever interrupted.  No descriptor stays open: the event lives as long as
 * one page mapped from it.
 *
 * Context: as said at each call. */
#ifndef SHIM_SAMPLER_SAMPLER_H
#define SHIM_SAMPLER_SAMPLER_H

#include <signal.h>

#include "shim/attach/copy.h"

/* A host is about to make its first state of C: starts sampling where it was asked for, and learns
 * what has to be known of C.  Host thread. */
void sampler_copy(struct lua_copy *c);

/* Begins to sample this thread if that was not done yet.  Host thread. */
void sampler_thread(void);

/* 1 while signal N is the sampler's. Any context. */
int sampler_owns(int n);

/* sigaction by the host, of the sampler's signal.  It is told what it set; a handler of its own ends the
 * sampling, before it is put in place.  Any context. */
int sampler_action(const struct sigaction *act, struct sigaction *old);

/* No further samples; running handlers end.  Any context. */
void sampler_stop(void);

#endif
