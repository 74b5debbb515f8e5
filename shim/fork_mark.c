/* fork_mark: see fork_mark.h. */
#include "shim/fork_mark.h"

#include <sys/mman.h>

SHIM_TABLE struct fork_mark fork_mark;
static void (*_Atomic on_fork)(void); /* NULL: there is nothing yet that a child could harm */

void fork_mark_start(void (*forked)(void))
{
    atomic_store(&fork_mark.here, FORK_MARK_BITS);
    if (madvise(&fork_mark, sizeof fork_mark, MADV_WIPEONFORK) == 0)
        atomic_store(&on_fork, forked);
}

int fork_mark_tells(void)
{
    return atomic_load(&on_fork) != NULL;
}

COLD void fork_mark_gone(void)
{
    void (*forked)(void) = atomic_load(&on_fork);
    if (forked != NULL && atomic_exchange(&fork_mark.here, FORK_MARK_BITS) == 0)
        forked();
}
