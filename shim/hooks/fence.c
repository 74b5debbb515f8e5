/* fence: a program that is about to restrict its own system calls (seccomp) tells it by prctl or syscall, which are interposed.
 *
 * In: the program's call.  Out: the sampler, which asks for nothing new from then on; the filters, which are asked before
 * each call of ours (kernel_filter.h); the trace, which is written as far as it is where it may not be later.  Without
 * privileges PR_SET_NO_NEW_PRIVS comes first.
 *
 * Context: host threads. */
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "shim/hooks/process.h"
#include "shim/kernel_filter.h"
#include "shim/real.h"
#include "shim/record/record_api.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_stack.h"

static int begin(const void *program)
{
    sampler_fence();
    if (kernel_filter_prepare(program) != 0)
        return 0;
    if (sampler_is_on() && !kernel_filter_will_permit(SYS_rt_sigreturn))
        sampler_give_up("the program limits its system calls so that no signal handler returns");
    process_fence();
    kernel_filter_raise();
    return 1;
}

/* MODE as prctl has it.  A filter that is NULL the kernel refuses: programs ask so what it knows. */
static int begin_mode(unsigned long mode, const void *program)
{
    if (mode == SECCOMP_MODE_STRICT) {
        kernel_clock_by_call(); /* it takes the time stamp counter away */
        uncovered_note("times from some time on",
                       "the program may not ask for the time (seccomp's strict mode)", 0);
        return begin(NULL);
    }
    return mode == SECCOMP_MODE_FILTER && program != NULL ? begin(program) : 0;
}

/* 1 where a filter was raised: fence_end must follow. */
static int begin_prctl(unsigned long option, unsigned long mode, const void *program)
{
    if (option == PR_SET_NO_NEW_PRIVS)
        sampler_fence();
    if (option == PR_SET_TSC && mode != PR_TSC_ENABLE)
        kernel_clock_by_call();
    return option == PR_SET_SECCOMP ? begin_mode(mode, program) : 0;
}

static long end(int begun, long result)
{
    if (begun)
        kernel_filter_settle(result >= 0);
    return result;
}

SHIM_EXPORT int prctl(int option, ...)
{
    unsigned long a[4];
    va_list list;
    va_start(list, option);
    for (int i = 0; i < 4; i++)
        a[i] = va_arg(list, unsigned long); /* those not given are whatever the registers hold */
    va_end(list);
    int begun = begin_prctl((unsigned long)option, a[0], (const void *)a[1]);
    if (real.prctl == NULL)
        real_resolve();
    return (int)end(begun, real.prctl(option, a[0], a[1], a[2], a[3]));
}

/* ---- syscall ---- */

/* libc's takes what is there; here all that there may be, so that it can be passed on by a jump, with no frame on the
 * stack: the call may be one that changes it. */
typedef long call(long number, long a, long b, long c, long d, long e, long f);
SHIM_EXPORT call interposed __asm__("syscall");

static int begin_seccomp(long operation, const void *program)
{
    return operation == SECCOMP_SET_MODE_STRICT   ? begin_mode(SECCOMP_MODE_STRICT, NULL)
           : operation == SECCOMP_SET_MODE_FILTER ? begin_mode(SECCOMP_MODE_FILTER, program)
                                                  : 0;
}

static COLD long fencing(long number, long a, long b, long c, long d, long e)
{
    int begun = number == SYS_seccomp
                    ? begin_seccomp(a, (const void *)c)
                    : begin_prctl((unsigned long)a, (unsigned long)b, (const void *)c);
    return end(begun, real.syscall(number, a, b, c, d, e));
}

static COLD long forking(long number, long a, long b, long c, long d, long e)
{
    long child = real.syscall(number, a, b, c, d, e);
    if (child == 0)
        process_forked();
    return child;
}

static int set_stack(const stack_t *to, stack_t *old)
{
    return (int)real.syscall(SYS_sigaltstack, to, old);
}

long interposed(long number, long a, long b, long c, long d, long e, long f)
{
    if (unlikely(real.syscall == NULL))
        real_resolve();
    if (unlikely(real.syscall == NULL)) /* an allocator's, while we look for it */
        return syscall(number, a, b, c, d, e, f);
    if (number == SYS_seccomp || number == SYS_prctl)
        return fencing(number, a, b, c, d, e);
    if (number == SYS_sigaltstack)
        return signal_stack_host(set_stack, (const stack_t *)a, (stack_t *)b);
    if (process_is_fork(number, a, b))
        return forking(number, a, b, c, d, e);
    return ((call *)real.syscall)(number, a, b, c, d, e, f);
}
