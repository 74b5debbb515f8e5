/* process: exit, exec, fork.  See process.h.
 *
 * In: the interposed ways to end or replace the process image, an exit handler, a fork handler.
 * Out: the trace's end, or a trace of the child's own.
 *
 * The exit handler is registered before the program's own, and before the loader's: it runs
 * after all of them, and after all destructors of libraries, and is told the exit status.  A
 * child of vfork runs in its parent's memory: the writer sees by the process id that it is not
 * the child's trace to end.
 *
 * Context: host threads, signal handlers (_exit), children of fork and vfork. */
#include "shim/hooks/process.h"

#include <alloca.h>
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/fork_mark.h"
#include "shim/hooks/heap_dropped.h"
#include "shim/kernel_filter.h"
#include "shim/real.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/slots.h"
#include "shim/record/writer.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_guard.h"
#include "shim/sampler/signal_view.h"
#include "shim/stack/lua_learn.h"
#include "shim/stack/native.h"

/* ---- exit ---- */

static int on_exit_registered;

static void finish(enum end_reason reason, int status)
{
    if (arena && arena->process.pid == (uint64_t)getpid()) { /* not in a child of vfork */
        sampler_stop();
        heap_dropped_look_at_all();
    }
    writer_finish(reason, status);
}

static void at_exit(int status, void *unused)
{
    (void)unused;
    finish(END_EXIT, status & 0xff);
}

/* Earlier than at_exit, and without the status: only where that could not be registered. */
__attribute__((destructor)) static void shim_stop(void)
{
    if (!on_exit_registered)
        finish(END_EXIT, -1);
}

#define REAL(name) (real.name ? (void)0 : real_resolve())

SHIM_EXPORT void _exit(int status)
{
    finish(END_QUICK_EXIT, status & 0xff);
    REAL(_exit);
    real._exit(status);
    __builtin_unreachable();
}

SHIM_EXPORT void _Exit(int status)
{
    finish(END_QUICK_EXIT, status & 0xff);
    REAL(_Exit);
    real._Exit(status);
    __builtin_unreachable();
}

SHIM_EXPORT void quick_exit(int status)
{
    finish(END_QUICK_EXIT, status & 0xff);
    REAL(quick_exit);
    real.quick_exit(status);
    __builtin_unreachable();
}

/* ---- exec ---- */

/* 1 where PATH is a program that may be run: exec then hardly fails, and the trace is not ended for
 * nothing.  errno is kept. */
static int may_run(const char *path)
{
    int saved = errno, yes = path && access(path, X_OK) == 0;
    errno = saved;
    return yes;
}

static int failed(int result, int begun)
{
    signal_view_exec(0);
    if (begun)
        writer_exec_failed();
    return result;
}

/* Runs CALL with the trace ended before it, if SURE. */
#define EXEC(sure, call) \
    do { \
        int begun_ = (sure); \
        if (begun_) \
            writer_exec_begin(); \
        signal_view_exec(1); \
        return failed(call, begun_); \
    } while (0)

SHIM_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
    REAL(execve);
    EXEC(may_run(path), real.execve(path, argv, envp));
}

SHIM_EXPORT int execv(const char *path, char *const argv[])
{
    REAL(execv);
    EXEC(may_run(path), real.execv(path, argv));
}

/* A name without a slash is looked for by the C library: whether it is there is not known. */
static int may_find(const char *file)
{
    return file && (!strchr(file, '/') || may_run(file));
}

SHIM_EXPORT int execvp(const char *file, char *const argv[])
{
    REAL(execvp);
    EXEC(may_find(file), real.execvp(file, argv));
}

SHIM_EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
    REAL(execvpe);
    EXEC(may_find(file), real.execvpe(file, argv, envp));
}

SHIM_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
    REAL(fexecve);
    EXEC(fd >= 0, real.fexecve(fd, argv, envp));
}

/* The arguments behind FIRST as an array on the stack of the calling function, which must be one
 * that does not return before exec: as the C library itself does it. */
enum { ARGS_MAX = 1 << 16 };

static size_t count_args(const char *first, va_list ap)
{
    size_t n = 1;
    for (const char *arg = first; arg && n < ARGS_MAX; n++)
        arg = va_arg(ap, char *);
    return n;
}

static void fill_args(char **argv, const char *first, va_list ap)
{
    size_t n = 0;
    argv[n++] = (char *)(uintptr_t)first;
    while (argv[n - 1] && n < ARGS_MAX)
        argv[n++] = va_arg(ap, char *);
    argv[n - 1] = NULL;
}

#define ARGS(argv, first, ap, count_ap) \
    va_list ap, count_ap; \
    va_start(ap, first); \
    va_copy(count_ap, ap); \
    char **argv = alloca(count_args(first, count_ap) * sizeof *argv); \
    va_end(count_ap); \
    fill_args(argv, first, ap)

SHIM_EXPORT int execl(const char *path, const char *arg, ...)
{
    ARGS(argv, arg, ap, counting);
    va_end(ap);
    return execv(path, argv);
}

SHIM_EXPORT int execlp(const char *file, const char *arg, ...)
{
    ARGS(argv, arg, ap, counting);
    va_end(ap);
    return execvp(file, argv);
}

SHIM_EXPORT int execle(const char *path, const char *arg, ...)
{
    ARGS(argv, arg, ap, counting);
    char *const *envp = va_arg(ap, char *const *);
    va_end(ap);
    return execve(path, argv, (char *const *)envp);
}

/* ---- fork ---- */

/* daemon() forks and ends the parent by a call inside the C library, which is not seen from
 * here. */
static SHIM_TLS int in_daemon;

SHIM_EXPORT int daemon(int nochdir, int noclose)
{
    REAL(daemon);
    in_daemon = 1;
    int result = real.daemon(nochdir, noclose);
    in_daemon = 0;
    return result;
}

static void in_parent(void)
{
    if (in_daemon)
        finish(END_QUICK_EXIT, 0);
}

static void in_child(void)
{
    int saved = errno;
    in_daemon = 0;
    native_forked();
    lua_learn_forked();
    if (arena)
        writer_fork_child(region_fork_child() == 0 && kernel_filter_permits_on(SYS_getpid, 0));
    sampler_fork_child();
    errno = saved;
}

/* Another handler of fork may have asked for memory before: then it is done. */
void process_forked(void)
{
    if (fork_mark_tells())
        fork_mark_look();
    else
        in_child();
}

void process_watch_forks(void)
{
    fork_mark_start(in_child);
}

/* ---- children made past fork ---- */

int process_is_fork(long number, long a, long b)
{
    if (number == SYS_clone) /* flags, stack */
        return !(a & CLONE_VM) && b == 0;
    if (number == SYS_clone3 && a != 0 && b >= CLONE_ARGS_SIZE_VER0) {
        const struct clone_args *c = (const void *)a;
        return !(c->flags & CLONE_VM) && c->stack == 0;
    }
    return number == SYS_fork;
}

struct beginning {
    int (*run)(void *);
    void *with;
};

/* The end of a child made by clone is a system call inside of it. */
static int run_child(void *beginning)
{
    const struct beginning b = *(const struct beginning *)beginning;
    process_forked();
    int status = b.run(b.with);
    finish(END_QUICK_EXIT, status & 0xff);
    return status;
}

/* A library of the program's own may have quite another function by that name, and calls that one: such a call goes on as it
 * came, by a jump. */
static int clone_is_libcs;

typedef long any_call(long a, long b, long c, long d, long e, long f, long g);
SHIM_EXPORT any_call interposed_clone __asm__("clone");

static COLD int clone_child(struct beginning b, void *stack, int flags, void *const tail[3])
{
    return real.clone(run_child, stack, flags, &b, tail[0], tail[1],
                      tail[2]); /* it has a copy of B */
}

long interposed_clone(long run, long stack, long flags, long with, long e, long f, long g)
{
    REAL(clone);
    if (clone_is_libcs && run != 0 && !(flags & CLONE_VM))
        return clone_child((struct beginning){(int (*)(void *))run, (void *)with}, (void *)stack,
                           (int)flags, (void *const[]){(void *)e, (void *)f, (void *)g});
    return ((any_call *)(void (*)(void))real.clone)(run, stack, flags, with, e, f, g);
}

/* ---- filters ---- */

/* What it takes to begin a trace and to go on with it. */
static int may_write_later(void)
{
    static const short wanted[] = {SYS_openat, SYS_newfstatat, SYS_fcntl,
                                   SYS_linkat, SYS_write,      SYS_madvise};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!kernel_filter_will_permit(wanted[i]))
            return 0;
    return 1;
}

void process_fence(void)
{
    enum { FUNCTIONS_AHEAD = 512 };
    if (!arena || may_write_later())
        return;
    slot_get();
    slots_grow_functions(FUNCTIONS_AHEAD - 1);
    region_reserve_ahead();
    writer_begin();
    writer_now();
}

void process_start(void)
{
    slots_start();
    clone_is_libcs = real_is_libcs((const void *)(uintptr_t)real.clone);
    signal_guard_start();
    pthread_atfork(NULL, in_parent, process_forked);
    on_exit_registered = on_exit(at_exit, NULL) == 0;
}
