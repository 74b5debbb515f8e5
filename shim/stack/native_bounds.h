/* native_bounds: which memory is the stack that this thread runs on now.
 *
 * Context: host threads, also within malloc: no locks, no allocation, a few system calls once per thread; keeps errno. */
#ifndef SHIM_STACK_NATIVE_BOUNDS_H
#define SHIM_STACK_NATIVE_BOUNDS_H

#include "shim/stack/native.h"

/* The stack around the stack pointer SP.  MAY_ASK 0: without opening files.  lo and hi are 0 where it is not known, as on fibers,
 * whose memory may be something else tomorrow, and whose neighbours' may lie behind it: a walk finds what it reads page by page. */
struct native_stack native_bounds(uint64_t sp, int may_ask);

/* 1: SP is on the stack that the system gave the calling thread.  MAY_ASK as above. */
int native_is_own(uint64_t sp, int may_ask);

#endif
