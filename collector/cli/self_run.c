/* self_run: see self_run.h. */
#include "collector/cli/self_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void quiet(int fd, int flags)
{
    int null = open("/dev/null", flags | O_CLOEXEC);
    if (null >= 0)
        dup2(null, fd);
}

static void child(const char *const *argv, enum self_output output, pid_t parent)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    quiet(STDIN_FILENO, O_RDONLY);
    if (output != SELF_SHOW)
        quiet(STDOUT_FILENO, O_WRONLY);
    if (output == SELF_SILENT)
        quiet(STDERR_FILENO, O_WRONLY);
    execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(127);
}

int self_run(const char *const *argv, enum self_output output)
{
    void (*was)(int) = signal(SIGINT, SIG_IGN);
    pid_t parent = getpid(), pid = fork();
    int status = 0;
    if (pid == 0)
        child(argv, output, parent);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    signal(SIGINT, was);
    if (pid < 0)
        return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
