/* signal_stack: the kernel puts the sampler's signal on a stack of ours, not on the host's.
 *
 * What it saves of the processor takes up to 3 KiB or more, and a fiber of 8 KiB, or the last kilobyte of a split stack, into which Lua fits, has
 * no room for that.  So sampled threads get an alternate stack (sigaltstack), and our handler asks for it.  The host does not see it:
 * its sigaltstack is answered as without us.
 *
 * All that only as long as the host takes no interest in alternate stacks: a thread has only one.  Once it sets one, or handles a signal
 * on one (SA_ONSTACK), ours are withdrawn in all threads, and signals come to whatever stack they find, as without this.
 *
 * Context: host threads, signal handlers. */
#ifndef SHIM_SAMPLER_SIGNAL_STACK_H
#define SHIM_SAMPLER_SIGNAL_STACK_H

#include <signal.h>

#include "shim/platform.h"

struct tick_thread;

/* Room for the sampler's signal, and for one that the C library handles meanwhile, or a mark's. */
enum { SIGNAL_STACK_BYTES = 32 * 1024 };

/* What our handler's action is to ask for: SA_ONSTACK, or 0. */
int signal_stack_flag(void);

/* The calling thread begins to be sampled: its signals come to the SIGNAL_STACK_BYTES at LO. */
void signal_stack_begin(struct tick_thread *t, char *lo);

/* It is sampled no more.  Returns 1 where the kernel may still know the stack, which is to stay mapped then. */
int signal_stack_end(const struct tick_thread *t);

/* In the handler: CONTEXT is what it returns to. */
void signal_stack_tick(const struct tick_thread *t, void *context);

/* The host begins to use alternate stacks, or system calls end.  */
void signal_stack_withdraw(void);

/* sigaltstack by the host.  Returns as that does. */
typedef int signal_stack_set(const stack_t *to, stack_t *old);
int signal_stack_host(signal_stack_set *real_set, const stack_t *to, stack_t *old);

#endif
