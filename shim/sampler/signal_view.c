/* signal_view: see signal_view.h. */
#include "shim/sampler/signal_view.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_guard.h"
#include "shim/sampler/signal_stack.h"
#include "shim/sampler/tick.h"

static struct sigaction host_action;
static SHIM_TLS int host_blocks;      /* the host believes that this thread does */
static _Atomic int host_ever_blocked; /* some thread did */

/* By the system call: no wrapper of ours or of anybody's in between. */
static void mask_now(int how, sigset_t *old)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, config.cpu_signal);
    syscall(SYS_rt_sigprocmask, how, &set, old, (long)(NSIG - 1) / 8);
}

static int is_handler(const struct sigaction *a)
{
    return a->sa_handler != SIG_DFL && a->sa_handler != SIG_IGN;
}

/* ---- the action ---- */

static int set_ours(struct sigaction *old)
{
    struct sigaction ours;
    memset(&ours, 0, sizeof ours);
    ours.sa_sigaction = tick_enter;
    ours.sa_flags = SA_SIGINFO | SA_RESTART | signal_stack_flag();
    /* A handler of the host's may jump out of ours.  The C library's own signals, too, which sigfillset leaves out: one ends the
     * thread, the other asks for the alternate stack, from which our handler has gone away. */
    memset(&ours.sa_mask, -1, sizeof ours.sa_mask);
    return real.sigaction(config.cpu_signal, &ours, old);
}

int signal_view_take(void)
{
    struct sigaction now;
    if (real.sigaction == NULL)
        real_resolve();
    if (real.sigaction(config.cpu_signal, NULL, &now) != 0)
        return -1;
    if (is_handler(&now)) {
        uncovered_note("CPU samples", "the program uses the signal (see MODPROF_CPU_SIGNAL)", 0);
        return -1;
    }
    host_action = now;
    return set_ours(NULL);
}

void signal_view_take_again(void)
{
    struct sigaction old;
    if (sampler_is_on() && set_ours(&old) == 0 && old.sa_sigaction != tick_enter)
        real.sigaction(config.cpu_signal, &old, NULL); /* another thread has given it up just now */
}

static void give_up(void)
{
    int saved = errno;
    sampler_give_up("the program handles the signal itself");
    if (host_blocks)
        mask_now(SIG_BLOCK, NULL);
    errno = saved;
}

int signal_view_action(const struct sigaction *act, struct sigaction *old)
{
    struct sigaction before = host_action;
    if (act != NULL && is_handler(act)) {
        give_up();
        if (real.sigaction(config.cpu_signal, act, NULL) != 0)
            return -1;
    } else if (act != NULL) {
        host_action = *act;
    }
    if (old != NULL)
        *old = before;
    return 0;
}

/* ---- the mask ---- */

static void believe(int how, int is_in)
{
    if (how == SIG_SETMASK)
        host_blocks = is_in;
    else if (is_in)
        host_blocks = how == SIG_BLOCK;
    if (host_blocks)
        atomic_store_explicit(&host_ever_blocked, 1, memory_order_relaxed);
}

int signal_view_mask(signal_view_set_mask *real_mask, int how, const sigset_t *set, sigset_t *old)
{
    sigset_t without;
    int before = host_blocks, n = config.cpu_signal;
    if (tick_now == NULL && !host_blocks)
        return real_mask(how, set, old);
    const sigset_t *to = set;
    if (set != NULL && how != SIG_UNBLOCK && sigismember(set, n)) {
        without = *set;
        sigdelset(&without, n);
        to = &without;
    }
    int is_in = set != NULL && sigismember(set, n);
    int result = real_mask(how, to, old);
    if (result != 0)
        return result;
    if (old != NULL && before)
        sigaddset(old, n);
    else if (old != NULL)
        sigdelset(old, n); /* there it is signal_guard's */
    if (set != NULL)
        believe(how, is_in);
    return 0;
}

void signal_view_thread(void)
{
    sigset_t old;
    sigemptyset(&old);
    mask_now(SIG_UNBLOCK, &old);
    if (sigismember(&old, config.cpu_signal))
        believe(SIG_BLOCK, 1);
}

void signal_view_exec(int begins)
{
    if (host_blocks)
        mask_now(begins ? SIG_BLOCK : SIG_UNBLOCK, NULL);
    else if (begins && signal_guard_used && tick_now != NULL)
        signal_view_unblock(); /* a crash handler starts a debugger */
}

void signal_view_unblock(void)
{
    mask_now(SIG_UNBLOCK, NULL);
}

/* ---- waiting for it ---- */

/* Who names nearly all signals does not mean this one. */
static int names_nearly_all(const sigset_t *set)
{
    enum { NEARLY_ALL = 20 };
    int named = 0;
    for (int n = 1; n < 32; n++)
        named += sigismember(set, n) == 1;
    return named >= NEARLY_ALL;
}

void signal_view_wait(const sigset_t *set)
{
    if (set != NULL && sigismember(set, config.cpu_signal) == 1 && !names_nearly_all(set))
        give_up();
}

/* By default the signal does nothing.  Where the host blocks it, it is to wait until it is asked for. */
void signal_view_foreign(const siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    siginfo_t again = *info;
    if (!atomic_load_explicit(&host_ever_blocked, memory_order_relaxed))
        return;
    sampler_give_up("the program is sent the signal by others");
    real.sigaction(config.cpu_signal, &host_action, NULL);
    if (host_blocks)
        sigaddset(&c->uc_sigmask, config.cpu_signal);
    if (info->si_code == SI_TKILL)
        syscall(SYS_rt_tgsigqueueinfo, getpid(), (pid_t)syscall(SYS_gettid), config.cpu_signal,
                &again);
    else
        syscall(SYS_rt_sigqueueinfo, getpid(), config.cpu_signal, &again);
}
