/* signal_guard: no sample is taken while a handler of the host's runs on an alternate stack.
 *
 * Such stacks are small (8 KiB, often less), and what the kernel puts there for one more signal is up to 3 KiB or more: a crash
 * handler that had just enough room would die in the middle of its report.  So the sampler's signal joins the mask of handlers
 * that ask for SA_ONSTACK, from the start on, and the host does not see it there.
 *
 * What came due meanwhile is delivered when the handler has ended, and is the handler's time.  To tell, handlers that keep the
 * signal away, also those of a host that blocks all signals in them, return to signal_return, which asks whether it waits.
 *
 * Context: host threads, signal handlers. */
#ifndef SHIM_SAMPLER_SIGNAL_GUARD_H
#define SHIM_SAMPLER_SIGNAL_GUARD_H

#include <signal.h>

#include "shim/platform.h"

/* At the start: whether calls go from here to the C library. */
void signal_guard_start(void);

/* sigaction by the host, of another signal than the sampler's.  Returns as sigaction does. */
int signal_guard_action(int n, const struct sigaction *act, struct sigaction *old);

/* A handler returns, or is left by a jump: what is pending is its time. */
void signal_guard_leave(void);

/* 1 once some handler was guarded. */
extern SHIM_HIDDEN int signal_guard_used;

struct __jmp_buf_tag;
typedef void signal_guard_jump_to(struct __jmp_buf_tag *env, int value);
/* The calling thread is about to jump by REAL, perhaps out of a handler that was guarded.  The jump restores the mask first, or
 * does not at all: so it is made from a stack with room for what is pending, and the signal does not stay blocked.  Returns where
 * there was no such handler. */
void signal_guard_jump(struct __jmp_buf_tag *env, int value, signal_guard_jump_to *real_jump);

#endif
