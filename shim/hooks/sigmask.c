/* sigmask: the host's view of the sampler's signal in the masks of its threads, and in the sets that it waits
 * for.  While nothing is sampled all calls pass on.
 *
 * Waiting calls are passed on as the last thing that is done: threads may be cancelled in them.
 *
 * Context: host threads, signal handlers. */
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_view.h"

#define REAL(name) (real.name ? (void)0 : real_resolve())

#define SET_MASK(name) \
    SHIM_EXPORT int name(int how, const sigset_t *set, sigset_t *old) \
    { \
        REAL(name); \
        return likely(!sampler_is_on()) ? real.name(how, set, old) \
                                        : signal_view_mask(real.name, how, set, old); \
    }

SET_MASK(sigprocmask)
SET_MASK(pthread_sigmask)

static inline void waits_for(const sigset_t *set)
{
    if (unlikely(sampler_is_on()))
        signal_view_wait(set);
}

SHIM_EXPORT int sigwait(const sigset_t *set, int *n)
{
    REAL(sigwait);
    waits_for(set);
    return real.sigwait(set, n);
}

SHIM_EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    REAL(sigwaitinfo);
    waits_for(set);
    return real.sigwaitinfo(set, info);
}

SHIM_EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    REAL(sigtimedwait);
    waits_for(set);
    return real.sigtimedwait(set, info, timeout);
}

SHIM_EXPORT int signalfd(int fd, const sigset_t *set, int flags)
{
    REAL(signalfd);
    waits_for(set);
    return real.signalfd(fd, set, flags);
}
