/* bench_process: see bench_process.h. */
#include "collector/bench/bench_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collector/util/exec_report.h"
#include "collector/util/xalloc.h"

static volatile sig_atomic_t interrupted;
static sigset_t mask_before;

static double clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void on_signal(int sig)
{
    (void)sig;
    interrupted = 1;
}

void bench_process_begin(void)
{
    static const int taken[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction act = {.sa_handler = on_signal};
    sigset_t ours;
    sigemptyset(&ours);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        sigaddset(&ours, taken[i]);
        sigaction(taken[i], &act, NULL);
    }
    sigprocmask(SIG_BLOCK, &ours, &mask_before); /* they come in while we wait for a program */
}

int bench_process_interrupted(void)
{
    sigset_t waiting;
    if (!interrupted && !sigpending(&waiting))
        interrupted = sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1 ||
                      sigismember(&waiting, SIGHUP) == 1;
    return interrupted;
}

/* ---- the program's side ---- */

/* LD_PRELOAD without a shim that we were started under: plain means plain. */
static void preload_clean(void)
{
    const char *at = getenv("LD_PRELOAD");
    char *kept = xstrdup("");
    while (at && *at) {
        size_t n = strcspn(at, " :");
        const char *shim = memmem(at, n, "libmodprof.so", 13);
        if (n && !shim) {
            char *longer = xformat("%s%s%.*s", kept, *kept ? ":" : "", (int)n, at);
            free(kept);
            kept = longer;
        }
        at += n + (at[n] != 0);
    }
    if (*kept)
        setenv("LD_PRELOAD", kept, 1);
    else
        unsetenv("LD_PRELOAD");
    free(kept);
}

static void shim_add(const struct bench_surroundings *s, double start)
{
    const char *others = getenv("LD_PRELOAD");
    char *preload = others ? xformat("%s:%s", s->shim, others) : xstrdup(s->shim);
    char *text = xformat("%.0f", start);
    setenv("LD_PRELOAD", preload, 1);
    setenv("MODPROF_OUT", s->trace, 1);
    setenv("MODPROF_START_NS", text, 1);
    free(text);
    free(preload);
}

static void environment_set(const struct bench_command *c, const struct bench_surroundings *s)
{
    preload_clean();
    unsetenv("MODPROF_OUT");
    if (s->ops_path)
        setenv("MODPROF_BENCH_OUT", s->ops_path, 1);
    for (size_t i = 0; i < c->variable_n; i++)
        putenv(c->variable[i]);
    if (s->shim)
        shim_add(s, clock_ns());
}

static void descriptors_set(const struct bench_surroundings *s)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, 0);
    if (s->show_output)
        return;
    dup2(null, 1);
    dup2(null, 2);
}

static _Noreturn void become(const struct bench_command *c, const struct bench_surroundings *s,
                             double *start, int tell_fd)
{
    setpgid(0, 0);
    environment_set(c, s);
    descriptors_set(s);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
    *start = clock_ns();
    execvp(c->argv[0], c->argv);
    exec_report_fail(tell_fd);
}

/* ---- our side ---- */

/* Waits for the end of PID, for its time, or for a signal of ours. Returns why it was killed, or BENCH_OK. */
static enum bench_outcome wait_end(pid_t pid, uint64_t timeout_ns)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct timespec t = {(time_t)(timeout_ns / 1000000000), (long)(timeout_ns % 1000000000)};
    int n = fd < 0 ? 1 : ppoll(&p, 1, timeout_ns ? &t : NULL, &mask_before);
    while (n < 0 && errno == EINTR && !interrupted) /* stopped and continued, perhaps */
        n = ppoll(&p, 1, timeout_ns ? &t : NULL, &mask_before);
    if (fd >= 0)
        close(fd);
    if (n > 0)
        return BENCH_OK;
    if (kill(-pid, SIGKILL)) /* the group may have gone with its leader */
        kill(pid, SIGKILL);
    return n ? BENCH_INTERRUPTED : BENCH_TIMEOUT;
}

static double tv_ns(struct timeval t)
{
    return (double)t.tv_sec * 1e9 + (double)t.tv_usec * 1e3;
}

static void measure_end(struct bench_process *p, pid_t pid, double start, uint64_t timeout_ns)
{
    struct rusage used;
    int status = 0;
    p->outcome = wait_end(pid, timeout_ns);
    p->wall_ns = clock_ns() - start;
    while (wait4(pid, &status, 0, &used) < 0)
        if (errno != EINTR)
            return;
    p->user_ns = tv_ns(used.ru_utime);
    p->system_ns = tv_ns(used.ru_stime);
    p->rss_bytes = (double)used.ru_maxrss * 1024;
    if (p->outcome != BENCH_OK)
        return;
    if (WIFSIGNALED(status)) {
        p->outcome = BENCH_SIGNAL;
        p->number = WTERMSIG(status);
    } else if (WEXITSTATUS(status)) {
        p->outcome = BENCH_EXIT;
        p->number = WEXITSTATUS(status);
    }
}

static void not_started(struct bench_process *p, int why)
{
    p->outcome = BENCH_NOT_STARTED;
    p->number = why;
}

void bench_process_run(struct bench_process *p, const struct bench_command *c,
                       const struct bench_surroundings *s)
{
    int tell[2];
    memset(p, 0, sizeof *p);
    double *start =
        mmap(NULL, sizeof *start, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return not_started(p, errno);
    if (pipe2(tell, O_CLOEXEC)) {
        not_started(p, errno);
        munmap(start, sizeof *start);
        return;
    }
    pid_t pid = fork();
    if (!pid)
        become(c, s, start, tell[1]);
    int why = pid < 0 ? errno : 0;
    close(tell[1]);
    if (pid > 0 && !(why = exec_report_read(tell[0])))
        measure_end(p, pid, *start, s->timeout_ns);
    else if (pid > 0)
        waitpid(pid, NULL, 0);
    if (why)
        not_started(p, why);
    close(tell[0]);
    munmap(start, sizeof *start);
}

const char *bench_outcome_say(char *out, size_t n, enum bench_outcome outcome, int number)
{
    switch (outcome) {
    case BENCH_EXIT:
        snprintf(out, n, "ended with exit status %d", number);
        break;
    case BENCH_SIGNAL:
        snprintf(out, n, "was ended by signal %d (%s)", number, strsignal(number));
        break;
    case BENCH_TIMEOUT:
        snprintf(out, n, "took too long and was killed");
        break;
    case BENCH_NOT_STARTED:
        snprintf(out, n, "could not be started: %s", strerror(number));
        break;
    case BENCH_INTERRUPTED:
        snprintf(out, n, "was interrupted");
        break;
    default:
        snprintf(out, n, "ended well");
    }
    return out;
}

const char *bench_outcome_name(enum bench_outcome outcome)
{
    static const char *const name[] = {"ok",      "exit",        "signal",
                                       "timeout", "not started", "interrupted"};
    return name[outcome];
}
