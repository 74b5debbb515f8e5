/* kernel_filter: the filters that the host put around its system calls (seccomp), asked before each call of the
 * shim's own.
 *
 * A filter may end the process for a call that it does not foresee, and nobody who wrote one foresaw the shim's. So what the
 * host installs is copied, and run here first; kernel_call() (kernel.h) refuses with EPERM what would not be let through.
 *
 * Filters that were there before the program began are not known.
 *
 * Context: preparing and raising: the host's thread that installs a filter; the rest: any. */
#ifndef SHIM_KERNEL_FILTER_H
#define SHIM_KERNEL_FILTER_H

#include <stdatomic.h>

#include "shim/platform.h"

/* Copies the filter at PROGRAM (a struct sock_fprog, which may be anything); NULL: the strict mode.  It is not asked yet.
 * Returns 0, or -1 where it can not be read: the kernel will not take it either. */
int kernel_filter_prepare(const void *program);

/* Whether call NUMBER (its arguments are 0) will be let through once the prepared filter is in place, too. */
int kernel_filter_will_permit(long number);

/* The prepared filter is about to be installed: it is asked from now on.  Then: the host's call is made, and it was, or not. */
void kernel_filter_raise(void);
void kernel_filter_settle(int installed);

/* 1 once a filter was raised. */
extern SHIM_HIDDEN _Atomic int kernel_filter_up;
static inline int kernel_filter_is_up(void)
{
    return unlikely(atomic_load_explicit(&kernel_filter_up, memory_order_acquire));
}

/* Whether the call would be let through; 1 where there is no filter.  ARGUMENT: all six. */
int kernel_filter_permits(long number, const long argument[6]);
int kernel_filter_permits_on(long number, long first);

#endif
