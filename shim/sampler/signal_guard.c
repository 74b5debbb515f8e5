/* signal_guard: see signal_guard.h. */
#include "shim/sampler/signal_guard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/kernel_filter.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_view.h"
#include "shim/sampler/tick.h"

int signal_guard_used;

static int is_handler(const struct sigaction *a)
{
    return a->sa_handler != SIG_DFL && a->sa_handler != SIG_IGN;
}

static int is_small(const struct sigaction *a)
{
    return (a->sa_flags & SA_ONSTACK) && !sigismember(&a->sa_mask, config.cpu_signal);
}

/* As the kernel knows it. */
struct kernel_action {
    __sighandler_t handler;
    unsigned long flags;
    const void *restorer;
    uint64_t mask;
};

enum { SA_RESTORER_GIVEN = 0x04000000 };

/* The C library does no more than this, but says itself where handlers return to. */
static int set(int n, const struct sigaction *act, const void *restorer, struct sigaction *old)
{
    struct kernel_action was, to = {.handler = act->sa_handler,
                                    .flags = (unsigned)act->sa_flags | SA_RESTORER_GIVEN,
                                    .restorer = restorer};
    memcpy(&to.mask, &act->sa_mask, sizeof to.mask);
    if (syscall(SYS_rt_sigaction, n, &to, &was, sizeof to.mask) != 0)
        return -1;
    if (old != NULL) {
        memset(old, 0, sizeof *old);
        old->sa_handler = was.handler;
        memcpy(&old->sa_mask, &was.mask, sizeof was.mask);
        old->sa_flags = (int)was.flags;
        memcpy(&old->sa_restorer, &was.restorer, sizeof was.restorer);
    }
    return 0;
}

/* The same in two steps, where more than the C library is to see the call, or filters are to judge it as the host's: what
 * another thread makes of that signal just between these is undone, as if it had come before. */
static int set_through(int n, const struct sigaction *act, const void *restorer,
                       struct sigaction *old)
{
    struct kernel_action k;
    if (real.sigaction(n, act, old) != 0)
        return -1;
    int saved = errno;
    if (!(act->sa_flags & SA_RESETHAND) && /* it may have served already */
        syscall(SYS_rt_sigaction, n, NULL, &k, sizeof k.mask) == 0 &&
        k.handler == act->sa_handler) {
        k.restorer = restorer;
        syscall(SYS_rt_sigaction, n, &k, NULL, sizeof k.mask);
    }
    errno = saved;
    return 0;
}

/* The numbers between are the C library's own. */
static int is_hosts(int n)
{
    return n < __SIGRTMIN || n >= SIGRTMIN;
}

static int is_direct; /* nobody stands between us and the C library */

void signal_guard_start(void)
{
    is_direct = real_is_libcs((const void *)(uintptr_t)real.sigaction);
}

static int watch(int n, const struct sigaction *act, struct sigaction *old)
{
    struct sigaction with = *act;
    const void *restorer = is_small(act) ? signal_return_added : signal_return;
    sigaddset(&with.sa_mask, config.cpu_signal);
    signal_guard_used = 1;
    return is_direct && is_hosts(n) && !kernel_filter_is_up()
               ? set(n, &with, restorer, old)
               : set_through(n, &with, restorer, old);
}

/* Most handlers mask nothing, and are the kernel's business. */
static int is_plain(const struct sigaction *act)
{
    return act == NULL ||
           (!(act->sa_flags & SA_ONSTACK) && !sigismember(&act->sa_mask, config.cpu_signal));
}

/* What was added says the action itself: so it is right whoever sets actions, and when. */
static int change(int n, const struct sigaction *act, struct sigaction *old)
{
    int watches = act != NULL && config.cpu_hz != 0 && is_handler(act) && !is_plain(act);
    int result = watches ? watch(n, act, old) : real.sigaction(n, act, old);
    const void *restorer = NULL;
    if (result == 0 && old != NULL)
        memcpy(&restorer, &old->sa_restorer, sizeof restorer);
    if (restorer == signal_return_added)
        sigdelset(&old->sa_mask, config.cpu_signal);
    return result;
}

int signal_guard_action(int n, const struct sigaction *act, struct sigaction *old)
{
    if (likely(is_plain(act)) && likely(!signal_guard_used))
        return real.sigaction(n, act, old);
    return n > 0 && n < NSIG ? change(n, act, old) : real.sigaction(n, act, old);
}

/* ---- the end of a handler ---- */

void signal_guard_leave(void)
{
    struct tick_thread *t = tick_now;
    uint64_t pending = 0;
    if (t == NULL || native_asks_nothing())
        return;
    int saved = errno;
    if (syscall(SYS_rt_sigpending, &pending, sizeof pending) == 0 &&
        (pending >> (config.cpu_signal - 1) & 1))
        t->was_kept_away = 1;
    errno = saved;
}

/* 1: a handler's alternate stack, as the kernel sees it. */
static int is_on_other_stack(const struct tick_thread *t)
{
    uint64_t sp = stack_now();
    stack_t here;
    if ((sp >= t->stack.lo && sp < t->stack.hi) || sampler_is_fenced())
        return 0;
    int saved = errno;
    int is_on = syscall(SYS_sigaltstack, NULL, &here) == 0 && (here.ss_flags & SS_ONSTACK);
    errno = saved;
    return is_on;
}

/* On the new stack. */
static void go(struct __jmp_buf_tag *env, int value, signal_guard_jump_to *real_jump)
{
    if (!env->__mask_was_saved)
        signal_view_unblock();
    real_jump(env, value);
}

void signal_guard_jump(struct __jmp_buf_tag *env, int value, signal_guard_jump_to *real_jump)
{
    const struct tick_thread *t = tick_now;
    if (t != NULL && t->own_stack.hi != 0 && is_on_other_stack(t)) {
        signal_guard_leave();
        stack_leave(t->own_stack.lo - 64, (const void *)go, env, value, (const void *)real_jump);
    }
}
