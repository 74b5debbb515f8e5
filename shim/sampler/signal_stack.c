/* signal_stack: see signal_stack.h. */
#include "shim/sampler/signal_stack.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_view.h"
#include "shim/sampler/tick.h"

static _Atomic int withdrawn;

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

/* Not by what T remembers: a child of vfork shares it, but has an alternate stack of its own. */
static int is_ours(const struct tick_thread *t, const stack_t *s)
{
    return t != NULL && t->signal_stack != NULL && s->ss_sp == t->signal_stack;
}

/* A host that set one by a system call of its own, or whose runtime did before we began, keeps it. */
void signal_stack_begin(struct tick_thread *t, char *lo)
{
    stack_t now, ours = {.ss_sp = lo, .ss_size = SIGNAL_STACK_BYTES};
    if (is_withdrawn() || set(NULL, &now) != 0)
        return;
    if (!(now.ss_flags & SS_DISABLE))
        signal_stack_withdraw();
    else if (set(&ours, NULL) == 0)
        t->signal_stack = lo;
}

/* Returns 0 once the kernel does not know ours. */
static int take_away(const struct tick_thread *t)
{
    static const stack_t none = {.ss_flags = SS_DISABLE};
    stack_t now;
    return set(NULL, &now) != 0 || (is_ours(t, &now) && set(&none, NULL) != 0);
}

int signal_stack_end(const struct tick_thread *t)
{
    return t->signal_stack != NULL && (sampler_is_fenced() || take_away(t));
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

void signal_stack_withdraw(void)
{
    int saved = errno;
    if (atomic_exchange(&withdrawn, 1) || sampler_is_fenced())
        return;
    signal_view_take_again();
    if (tick_now != NULL && tick_now->signal_stack != NULL)
        take_away(tick_now);
    errno = saved;
}

static int is_ours_now(void)
{
    stack_t now;
    return tick_now != NULL && tick_now->signal_stack != NULL && set(NULL, &now) == 0 &&
           is_ours(tick_now, &now);
}

int signal_stack_host(signal_stack_set *real_set, const stack_t *to, stack_t *old)
{
    int sets = to != NULL && !(to->ss_flags & SS_DISABLE);
    if (sets)
        signal_stack_withdraw();
    if (sets && is_ours_now())
        take_away(tick_now);
    if (sets || !is_ours_now())
        return real_set(to, old);
    if (old != NULL)
        *old = (stack_t){.ss_flags = SS_DISABLE};
    return 0;
}
