/* alloc_errand: see alloc_errand.h.
 *
 * The countdowns of all states are ended, so that the next allocation of each takes its slow path.  A store that is
 * lost in a race with an allocation is made good by the next natural end of a countdown. */
#include "shim/hooks/alloc_errand.h"

#include "shim/hooks/alloc_stack.h"
#include "shim/hooks/marks.h"
#include "shim/record/record_api.h"

enum { ERRAND_LEARN = 1, ERRAND_MARK = 2 };

_Atomic unsigned alloc_errands;
static const struct lua_copy *_Atomic to_learn;

static void wake(void)
{
    for (uint32_t i = 0; i < atomic_load(&arena->states_n); i++)
        if (atomic_load(&arena->states[i].in_use) == 1)
            __atomic_store_n(&arena->states[i].sample_left, -1, __ATOMIC_RELAXED);
}

void alloc_errand_learn(const struct lua_copy *c)
{
    const struct lua_copy *none = NULL;
    if (!atomic_compare_exchange_strong(&to_learn, &none, c))
        return;
    atomic_fetch_or(&alloc_errands, ERRAND_LEARN);
    wake();
}

void alloc_errand_mark(void)
{
    atomic_fetch_or(&alloc_errands, ERRAND_MARK);
    wake();
}

static void learn(void)
{
    const struct lua_copy *c = atomic_load(&to_learn);
    if (c != NULL && alloc_stack_learn(c) == 0)
        atomic_store(&to_learn, NULL);
    else
        atomic_fetch_or(&alloc_errands, ERRAND_LEARN); /* on a roomier stack */
}

void alloc_errand_run(struct arena_state *s)
{
    unsigned errands = atomic_exchange(&alloc_errands, 0);
    if (errands & ERRAND_LEARN)
        learn();
    if (errands & ERRAND_MARK && marks_by_signal(s->id) != 0)
        atomic_fetch_or(&alloc_errands, ERRAND_MARK);
}
