/* sigaction: the host's view of the signals that CPU samples and marks use.
 *
 * For every other signal, and while nothing is sampled, calls pass on. What the host asks and sets of the
 * sampler's signal it gets back as it set it; once it wants to handle the signal itself, sampling ends.  Handlers on
 * stacks of their own are guarded.
 *
 * Context: host threads, signal handlers. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "shim/hooks/marks.h"
#include "shim/real.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_guard.h"
#include "shim/sampler/signal_stack.h"
#include "shim/sampler/signal_view.h"

#define REAL(name) (real.name ? (void)0 : real_resolve())

SHIM_EXPORT int sigaction(int n, const struct sigaction *act, struct sigaction *old)
{
    REAL(sigaction);
    if (act != NULL)
        signal_stack_handled(n, act);
    if (unlikely(marks_own(n)))
        return marks_action(act, old);
    return likely(!sampler_owns(n)) ? signal_guard_action(n, act, old)
                                    : signal_view_action(act, old);
}

SHIM_EXPORT int sigaltstack(const stack_t *to, stack_t *old)
{
    REAL(sigaltstack);
    return signal_stack_host(real.sigaltstack, to, old);
}

/* As the C library's signal and sysv_signal do it. */
static sighandler_t set(int n, sighandler_t handler, int flags)
{
    struct sigaction act, old;
    memset(&act, 0, sizeof act);
    act.sa_handler = handler;
    act.sa_flags = flags;
    return handler != SIG_ERR && sigaction(n, &act, &old) == 0 ? old.sa_handler
                                                               : (errno = EINVAL, SIG_ERR);
}

#define SIGNAL(name, original, flags) \
    SHIM_EXPORT sighandler_t signal_##name(int n, sighandler_t handler) __asm__(#name); \
    sighandler_t signal_##name(int n, sighandler_t handler) \
    { \
        REAL(original); \
        signal_stack_handled(n, &(struct sigaction){.sa_handler = handler}); \
        return likely(!sampler_owns(n) && !marks_own(n)) ? real.original(n, handler) \
                                                         : set(n, handler, flags); \
    }

SIGNAL(signal, signal, SA_RESTART)
SIGNAL(bsd_signal, signal, SA_RESTART)
SIGNAL(ssignal, signal, SA_RESTART)
SIGNAL(sysv_signal, __sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))
SIGNAL(__sysv_signal, __sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))
