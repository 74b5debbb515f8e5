/* waiting: time in which a thread is on no processor (MODPROF_WALL): blocked, or waiting for its turn.
 *
 * Nothing may wake a thread that waits, so nobody looks while it does. Afterwards the difference between wall time and the
 * thread's CPU time tells exactly how long it was, and it is charged to what is on the stack at the next of these
 * moments: a C function called by Lua returns, C calls Lua, a tick.  A C function that waited is
 * still the running one then, as far as Lua is concerned.  Where no Lua is on the stack the place is not known.
 *
 * Context: host threads, but for the tick's. */
#ifndef SHIM_SAMPLER_WAITING_H
#define SHIM_SAMPLER_WAITING_H

#include <stdint.h>

#include "shim/platform.h"

struct tick_thread;

extern SHIM_HIDDEN int waiting_on; /* 1: waiting is charged */

/* At NOW_NS a C function returned to Lua, or C is about to call Lua: charges what this thread has waited, if the last look
 * was some time ago.  A clock costs a tenth of what the charge does. */
void waiting_look(uint64_t now_ns);

/* The thread's time begins to count. */
void waiting_begin(struct tick_thread *t);

/* Units (tick_pace.h) of waiting since the last call, as many as make whole distances of ticks.  Any context on that thread. */
uint64_t waiting_units(struct tick_thread *t);

/* The thread, or the process, ends: what is left is nobody's. */
void waiting_end(struct tick_thread *t);

#endif
