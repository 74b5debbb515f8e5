/* launch: see launch.h. */
#include "collector/cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collector/util/exec_report.h"
#include "collector/util/xalloc.h"

static const int taken[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1, SIGUSR2,
                            SIGTSTP, SIGCONT, SIGWINCH, SIGALRM, SIGCHLD};

/* What the program gets back before it begins. */
struct signals {
    sigset_t mask;
    struct sigaction child;
};

static uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the program's side ---- */

static void set_environment(const struct launch *l)
{
    char start[32];
    const char *others = getenv("LD_PRELOAD");
    char *preload = others && *others ? xformat("%s:%s", l->shim, others) : xstrdup(l->shim);
    snprintf(start, sizeof start, "%llu", (unsigned long long)clock_ns());
    setenv("LD_PRELOAD", preload, 1);
    setenv("MODPROF_OUT", l->out, 1);
    setenv("MODPROF_START_NS", start, 1);
    if (l->token)
        setenv("MODPROF_TOKEN", l->token, 1);
    free(preload);
}

static _Noreturn void become(const struct launch *l, const struct signals *before, int tell_fd)
{
    sigaction(SIGCHLD, &before->child, NULL);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
    set_environment(l);
    execvp(l->argv[0], l->argv);
    exec_report_fail(tell_fd);
}

/* ---- our side ---- */

static int not_executed(struct launch *l, int why, struct err *err)
{
    waitpid(l->pid, NULL, 0);
    err_set(err, "%s can not be run: %s", l->argv[0],
            why == ENOENT && !strchr(l->argv[0], '/') ? "there is no such command in PATH"
                                                      : strerror(why));
    return why == ENOENT || why == ENOTDIR ? LAUNCH_NOT_FOUND : LAUNCH_NOT_EXECUTABLE;
}

/* Takes signals from a descriptor. Where SIGCHLD was ignored, exit statuses would be lost. */
static int take_signals(struct signals *before)
{
    static const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t ours;
    sigemptyset(&ours);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        sigaddset(&ours, taken[i]);
    sigprocmask(SIG_BLOCK, &ours, &before->mask);
    sigaction(SIGCHLD, &usual, &before->child);
    return signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* The first perf event of a machine takes 7 to 25 ms inside the kernel, which has to change its own code and wait for all processors; as
 * long as there is one others take 0.02.  So one that counts nothing is kept from before the program starts until we end, and what is
 * measured of its start is its own. */
static void have_an_event(void)
{
    const char *cpu = getenv("MODPROF_CPU");
    struct perf_event_attr a = {.size = sizeof a,
                                .type = PERF_TYPE_SOFTWARE,
                                .config = PERF_COUNT_SW_CPU_CLOCK,
                                .exclude_kernel = 1,
                                .disabled = 1};
    if (cpu && strcmp(cpu, "off") != 0)
        (void)syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

int launch_start(struct launch *l, struct err *err)
{
    struct signals before;
    int pipe_fd[2];
    l->signal_fd = take_signals(&before);
    if (l->signal_fd < 0 || pipe2(pipe_fd, O_CLOEXEC))
        return err_set(err, "no descriptors are left: %s", strerror(errno));
    have_an_event();
    l->start_ns = clock_ns();
    l->pid = fork();
    if (l->pid == 0)
        become(l, &before, pipe_fd[1]);
    close(pipe_fd[1]);
    int why = l->pid < 0 ? errno : exec_report_read(pipe_fd[0]);
    close(pipe_fd[0]);
    if (l->pid < 0)
        return err_set(err, "no process could be made: %s", strerror(why));
    return why ? not_executed(l, why, err) : 0;
}

/* Whether the program is as STATE says: WEXITED, WSTOPPED. It stays to be waited for. */
static int is(pid_t pid, int state)
{
    siginfo_t si = {.si_pid = 0};
    return !waitid(P_PID, (id_t)pid, &si, state | WNOHANG | WNOWAIT) && si.si_pid;
}

int launch_ended(const struct launch *l)
{
    return is(l->pid, WEXITED);
}

/* Stops this process the way SIGTSTP does by default: not where nobody could continue it. */
static void stop_self(void)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL);
    sigprocmask(SIG_BLOCK, &stop, NULL);
}

void launch_signal(const struct launch *l, const struct signalfd_siginfo *s)
{
    int sig = (int)s->ssi_signo;
    /* Sent by the kernel: a key at the terminal, or the terminal went. The whole group got it. */
    int group_got_it = s->ssi_code == SI_KERNEL && getpgid(l->pid) == getpgrp();
    int from_program = (pid_t)s->ssi_pid == l->pid;
    int wanted = sig != SIGCONT || is(l->pid, WSTOPPED);
    if (!group_got_it && !from_program && wanted)
        kill(l->pid, sig);
    if (sig == SIGTSTP)
        stop_self();
}

int launch_wait(struct launch *l)
{
    int status = 0;
    while (waitpid(l->pid, &status, 0) < 0)
        if (errno != EINTR)
            return EXIT_ERROR;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
