/* signal_guard: see signal_guard.h. */
#include "shim/sampler/signal_guard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_view.h"
#include "shim/sampler/tick.h"

int signal_guard_used;

static _Atomic uint64_t guarded; /* bit n - 1: the mask of signal n has the sampler's, by us */

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
    void (*handler)(int);
    unsigned long flags;
    const void *restorer;
    uint64_t mask;
};

/* The handler of N, which has just been made A's, is to return to us.  The C library allows no such wish. */
static void watch_return(int n, const struct sigaction *a)
{
    struct kernel_action k;
    int saved = errno;
    if (!(a->sa_flags & SA_RESETHAND) &&
        syscall(SYS_rt_sigaction, n, NULL, &k, sizeof k.mask) == 0 && k.handler == a->sa_handler) {
        k.restorer = signal_return;
        syscall(SYS_rt_sigaction, n, &k, NULL, sizeof k.mask);
    }
    errno = saved;
}

static int change(int n, const struct sigaction *act, struct sigaction *old)
{
    uint64_t bit = UINT64_C(1) << (n - 1);
    struct sigaction with;
    int handles = act != NULL && config.cpu_hz != 0 && is_handler(act);
    int guards = handles && is_small(act);
    if (guards) {
        with = *act;
        sigaddset(&with.sa_mask, config.cpu_signal);
        signal_guard_used = 1;
    }
    uint64_t before = guards ? atomic_fetch_or(&guarded, bit) : atomic_load(&guarded);
    int result = real.sigaction(n, guards ? &with : act, old);
    if (result == 0 && old != NULL && (before & bit))
        sigdelset(&old->sa_mask, config.cpu_signal);
    if (result == 0 && act != NULL && !guards)
        atomic_fetch_and(&guarded, ~bit);
    if (result == 0 && handles && (guards || sigismember(&act->sa_mask, config.cpu_signal)))
        watch_return(n, act);
    return result;
}

/* Most handlers mask nothing, and are the kernel's business. */
static int is_plain(const struct sigaction *act)
{
    return act == NULL ||
           (!(act->sa_flags & SA_ONSTACK) && !sigismember(&act->sa_mask, config.cpu_signal));
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
