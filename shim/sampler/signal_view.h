/* signal_view: what the host believes of the sampler's signal, and what is true.
 *
 * True is: it has our handler, and no sampled thread blocks it for long, so that it never waits to be delivered, where
 * sigwait, signalfd or a call with a mask of its own would meet it. The host sees the action and the mask it set.  A
 * host that handles the signal itself, or waits for it and few others, ends the sampling; what is true is
 * then what it believes.
 *
 * Context: host threads and signal handlers. */
#ifndef SHIM_SAMPLER_SIGNAL_VIEW_H
#define SHIM_SAMPLER_SIGNAL_VIEW_H

#include <signal.h>

/* Takes the signal where the host does not use it.  Returns 0, or -1. */
int signal_view_take(void);
/* While it is ours: what its handler asks for has changed (signal_stack.h). */
void signal_view_take_again(void);

/* sigaction by the host, of that signal.  Returns as sigaction does. */
int signal_view_action(const struct sigaction *act, struct sigaction *old);

typedef int signal_view_set_mask(int how, const sigset_t *set, sigset_t *old);
/* A change of the calling thread's mask, made by REAL.  Returns what that does. */
int signal_view_mask(signal_view_set_mask *real_mask, int how, const sigset_t *set, sigset_t *old);

/* The calling thread begins to be sampled: unblocks the signal. */
void signal_view_thread(void);
/* It is about to become another program, which inherits the mask (1), or has failed to (0). */
void signal_view_exec(int begins);

/* The calling thread does not block the signal any more. */
void signal_view_unblock(void);

/* The host will wait for the signals in SET. */
void signal_view_wait(const sigset_t *set);

/* A signal that no source of ours sent arrived in the handler, with CONTEXT. */
void signal_view_foreign(const siginfo_t *info, void *context);

#endif
