/* check_run: see check_run.h. */
#include "collector/cli/check_run.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collector/cli/cli.h"
#include "collector/cli/self_run.h"
#include "collector/util/empty_dir.h"
#include "collector/util/err.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

static double clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* "run 4 of 10, about 12.3 s left", on a terminal. */
static void progress(unsigned long i, unsigned long n, double began)
{
    char left[HUMAN_MAX];
    if (n < 2 || !isatty(STDERR_FILENO))
        return;
    if (i == n)
        fputs("\r\033[K", stderr);
    else if (!i)
        fprintf(stderr, "\r\033[Krun 1 of %lu", n);
    else
        fprintf(stderr, "\r\033[Krun %lu of %lu, about %s left", i + 1, n,
                human_ns(left, (clock_s() - began) / (double)i * (double)(n - i) * 1e9));
    fflush(stderr);
}

/* What came of one run; 0: fine. */
static int outcome(const struct check_settings *s, int status)
{
    if (status == 128 + SIGINT)
        return cli_error("check", "interrupted");
    if (status < 0)
        return cli_error("check", "modprof run could not be started: %s", strerror(errno));
    if (!status || s->any_status)
        return 0;
    if (status == 127)
        return EXIT_ERROR; /* modprof run has said why */
    if (status > 128)
        return cli_error("check",
                         "%s was ended by signal %d: what it did until then is no run to judge",
                         s->program[0], status - 128);
    return cli_error(
        "check",
        "%s ended with exit status %d, so its run is not judged; --any-status takes it "
        "as it is",
        s->program[0], status);
}

static int run_once(const struct check_settings *s, const char *trace)
{
    static const char *const head[] = {"modprof", "run", "--quiet", "--output"};
    enum { HEAD_N = sizeof head / sizeof *head };
    size_t n = 0, program_n = 0;
    while (s->program[program_n])
        program_n++;
    const char **argv = xcalloc(HEAD_N + program_n + 3, sizeof *argv);
    for (; n < HEAD_N; n++)
        argv[n] = head[n];
    argv[n++] = trace;
    argv[n++] = "--";
    for (size_t i = 0; i < program_n; i++)
        argv[n++] = s->program[i];
    int status = self_run(argv, s->show_output ? SELF_SHOW : SELF_ERRORS);
    free(argv);
    return outcome(s, status);
}

int check_run(struct check_run *r, const struct check_settings *s)
{
    const char *tmp = getenv("TMPDIR");
    int status = 0;
    r->dir = xformat("%s/modprof-check-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(r->dir)) {
        status = cli_error("check", "%s can not be made: %s", r->dir, strerror(errno));
        free(r->dir);
        r->dir = NULL;
        return status;
    }
    double began = clock_s();
    for (unsigned long i = 0; i < s->runs && !status; i++) {
        char *trace = xformat("%s/run-%05lu.mprof", r->dir, i + 1);
        progress(i, s->runs, began);
        status = run_once(s, trace);
        free(trace);
    }
    progress(s->runs, s->runs, began);
    if (!status && empty_dir(r->dir)) {
        cli_error("check", "%s left no trace: it ran no Lua 5.4; `modprof doctor -- %s` says more",
                  s->program[0], s->program[0]);
        status = EXIT_NO_VERDICT;
    }
    return status;
}

void check_run_release(struct check_run *r)
{
    DIR *d = r->dir ? opendir(r->dir) : NULL;
    struct dirent *e;
    while (d && (e = readdir(d)))
        if (*e->d_name != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    if (r->dir)
        rmdir(r->dir);
    free(r->dir);
    r->dir = NULL;
}
