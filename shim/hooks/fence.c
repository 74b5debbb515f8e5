/* fence: a program that is about to restrict its own system calls (seccomp) tells it by prctl, either way:
 * without privileges PR_SET_NO_NEW_PRIVS comes first.  Its filter may end the process for a call that it
 * does not foresee, so the sampler asks for nothing new from then on.
 *
 * Context: host threads. */
#include <stdarg.h>
#include <sys/prctl.h>

#include "shim/real.h"
#include "shim/sampler/sampler.h"

SHIM_EXPORT int prctl(int option, ...)
{
    unsigned long a[4];
    va_list list;
    va_start(list, option);
    for (int i = 0; i < 4; i++)
        a[i] = va_arg(list, unsigned long); /* those not given are whatever the registers hold */
    va_end(list);
    if (option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS)
        sampler_fence();
    if (real.prctl == NULL)
        real_resolve();
    return real.prctl(option, a[0], a[1], a[2], a[3]);
}
