/* signal_stack: on small stacks the kernel puts the sampler's signal on a stack of ours.
 *
 * What it saves of the processor takes up to 3 KiB or more, and a fiber of 8 KiB, or the last kilobyte of a split stack, into which Lua fits, has
 * no room for that.  So a thread that calls Lua on a fiber, or near the end of its own stack, gets an alternate stack (sigaltstack), and
 * our handler asks for it.  The host does not see it: its sigaltstack is answered as without us.  Threads on their own stacks, nearly all
 * there are, have no need of it, and nothing of theirs is changed.
 *
 * All that only as long as the host takes no interest in alternate stacks: a thread has only one.  Once it sets one, or handles a signal
 * on one (SA_ONSTACK), ours are withdrawn in all threads, and signals come to whatever stack they find, as without this.  So they are where
 * it handles signals of timers: its handlers may switch fibers and have other threads return from them, which sets the alternate stack that the kernel noted.
 *
 * Context: host threads, signal handlers. */
#ifndef SHIM_SAMPLER_SIGNAL_STACK_H
#define SHIM_SAMPLER_SIGNAL_STACK_H

#include <signal.h>

#include "shim/platform.h"

struct tick_thread;

/* What our handler's action is to ask for: SA_ONSTACK, or 0. */
int signal_stack_flag(void);

/* The calling thread, which is T, calls Lua: from now on signals come to a stack of ours, if this one is small. */
void signal_stack_look(struct tick_thread *t);

/* It is sampled no more. */
void signal_stack_end(struct tick_thread *t);

/* In the handler: CONTEXT is what it returns to. */
void signal_stack_tick(const struct tick_thread *t, void *context);

/* The host begins to use alternate stacks, or system calls end.  */
void signal_stack_withdraw(void);

/* The host is about to have ACT for signal N. */
void signal_stack_handled(int n, const struct sigaction *act);

/* sigaltstack by the host.  Returns as that does. */
typedef int signal_stack_set(const stack_t *to, stack_t *old);
int signal_stack_host(signal_stack_set *real_set, const stack_t *to, stack_t *old);

#endif
