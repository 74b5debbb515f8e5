/* signal_stack: see signal_stack.h. */
#include "shim/sampler/signal_stack.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_view.h"
#include "shim/sampler/tick.h"
#include "shim/stack/roomy.h"

static _Atomic int withdrawn;
/* The process whose action says so: a child of vfork has our memory, and actions of its own. */
static _Atomic int told;

static int is_withdrawn(void)
{
    return atomic_load_explicit(&withdrawn, memory_order_relaxed);
}

int signal_stack_flag(void)
{
    return is_withdrawn() ? 0 : SA_ONSTACK;
}

/* By the system call: no wrapper of ours or of anybody's in between. */
static int set(const stack_t *to, stack_t *old)
{
    return (int)syscall(SYS_sigaltstack, to, old);
}

/* Of T, which has one: not by what it remembers, since a child of vfork shares that, but has an alternate stack of its own. */
static int is_ours(const struct tick_thread *t, const stack_t *s)
{
    return s->ss_sp == t->signal_stack;
}

/* ---- one thread's ---- */

enum { STACK_BYTES = 128 * 1024, MAPPING = ROOMY_GUARD_BYTES + STACK_BYTES };

static void stack_free(char *lo)
{
    munmap(lo - ROOMY_GUARD_BYTES, MAPPING);
}

/* A host that set one by a system call of its own, or whose runtime did before we began, keeps it. */
static COLD void begin(struct tick_thread *t)
{
    stack_t now, ours = {.ss_size = STACK_BYTES};
    t->signal_stack_tried = 1;
    if (set(NULL, &now) != 0)
        return;
    if (!(now.ss_flags & SS_DISABLE)) {
        signal_stack_withdraw();
        return;
    }
    char *p = roomy_map(MAPPING);
    if (p == NULL)
        return;
    ours.ss_sp = p + ROOMY_GUARD_BYTES;
    if (set(&ours, NULL) == 0)
        t->signal_stack = ours.ss_sp;
    else
        stack_free(ours.ss_sp);
}

/* What is left of the thread's own stack is enough for the kernel, and for handlers of the host's. */
static int has_room(const struct tick_thread *t)
{
    enum { ROOM_BYTES = 32 * 1024 };
    uint64_t lo = t->stack.lo + ROOM_BYTES, sp = stack_now();
    return sp >= lo && sp < t->stack.hi;
}

void signal_stack_look(struct tick_thread *t)
{
    if (likely(has_room(t)) || t->signal_stack_tried || is_withdrawn() || t->own_stack.hi == 0)
        return;
    int saved = errno;
    begin(t);
    errno = saved;
}

/* Returns 0 once the kernel does not know ours. */
static int take_away(const struct tick_thread *t)
{
    static const stack_t none = {.ss_flags = SS_DISABLE};
    stack_t now;
    return set(NULL, &now) != 0 || (is_ours(t, &now) && set(&none, NULL) != 0);
}

void signal_stack_end(struct tick_thread *t)
{
    if (t->signal_stack != NULL && !sampler_is_fenced() && take_away(t) == 0)
        stack_free(t->signal_stack);
}

/* The kernel sets what the context says when the handler returns. */
void signal_stack_tick(const struct tick_thread *t, void *context)
{
    ucontext_t *c = context;
    if (t->signal_stack == NULL)
        return;
    int ours = is_ours(t, &c->uc_stack);
    if (unlikely(!ours) && !is_withdrawn())
        signal_stack_withdraw();
    else if (unlikely(ours && is_withdrawn()))
        c->uc_stack = (stack_t){.ss_flags = SS_DISABLE};
}

/* ---- the host ---- */

void signal_stack_withdraw(void)
{
    int saved = errno;
    atomic_store(&withdrawn, 1);
    if (sampler_is_fenced() || !sampler_is_on())
        return;
    int me = getpid();
    if (atomic_exchange(&told, me) == me)
        return;
    signal_view_take_again();
    if (tick_now != NULL && tick_now->signal_stack != NULL)
        take_away(tick_now);
    errno = saved;
}

void signal_stack_handled(int n, const struct sigaction *act)
{
    if (act->sa_handler == SIG_DFL || act->sa_handler == SIG_IGN)
        return;
    if (act->sa_flags & SA_ONSTACK || n == SIGALRM || n == SIGVTALRM || n == SIGPROF ||
        n >= SIGRTMIN)
        signal_stack_withdraw();
}

/* The kernel refuses what is neither. */
static int is_disabling(const stack_t *to)
{
    enum { AUTODISARM = INT_MIN };
    return (to->ss_flags & ~AUTODISARM) == SS_DISABLE;
}

int signal_stack_host(signal_stack_set *real_set, const stack_t *to, stack_t *old)
{
    const struct tick_thread *t = tick_now;
    stack_t now;
    int sets = to != NULL && !is_disabling(to);
    if (sets)
        signal_stack_withdraw();
    if (likely(t == NULL || t->signal_stack == NULL))
        return real_set(to, old);
    if (sets)
        take_away(t); /* another thread may have withdrawn it before */
    if (sets || set(NULL, &now) != 0 || !is_ours(t, &now))
        return real_set(to, old);
    int result = real_set(NULL, old); /* OLD may be no memory */
    if (result == 0 && old != NULL)
        *old = (stack_t){.ss_flags = SS_DISABLE};
    return result;
}
