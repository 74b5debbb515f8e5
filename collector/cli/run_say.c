/* run_say: the summary of `modprof run`.  See run.h. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/run.h"
#include "collector/cli/summary.h"
#include "collector/util/escape.h"
#include "collector/util/human.h"

enum { SUMMARIES_MAX = 3 }; /* traces whose summary is shown; the others are counted */

static void say_how_it_ended(const struct run *r, int status)
{
    char took[HUMAN_MAX];
    char *program = escape_text(r->launch.argv[0], strlen(r->launch.argv[0]));
    human_ns(took, (double)(r->end_ns - r->launch.start_ns));
    if (status > 128 && status <= 128 + SIGRTMAX && sigabbrev_np(status - 128))
        fprintf(stderr, "modprof: %s ran %s, exit status %d (signal SIG%s)\n", program, took,
                status, sigabbrev_np(status - 128));
    else
        fprintf(stderr, "modprof: %s ran %s, exit status %d\n", program, took, status);
    free(program);
}

static void say_nothing_came(const struct run *r)
{
    const char *off = getenv("MODPROF");
    char *program = escape_text(r->launch.argv[0], strlen(r->launch.argv[0]));
    if (off && !strcmp(off, "off"))
        fprintf(stderr, "modprof: no trace: MODPROF=off is set in the environment\n");
    else
        fprintf(stderr, "modprof: no Lua 5.4 was seen in %s; `modprof doctor -- %s` tells why\n",
                program, program);
    free(program);
}

static void say_trace(const struct run *r, const struct came *c)
{
    struct err err = {""};
    char *path = target_path(&r->target, c->file);
    if (summary_print(path, stderr, &err))
        fprintf(stderr, "modprof: %s\n", err.text);
    free(path);
}

static void say_left_running(const struct run *r)
{
    unsigned n = 0;
    for (size_t i = 0; i < r->came_n; i++)
        n += r->came[i].outcome == SERVE_RUNNING;
    if (n)
        fprintf(stderr,
                "modprof: %u process%s still in the background and left running; what %s from now "
                "on is not collected (--wait all waits for them)\n",
                n, n == 1 ? " is" : "es are", n == 1 ? "it does" : "they do");
    else if (r->silent_n)
        fprintf(stderr,
                "modprof: %u process%s still in the background, without Lua so far (--wait all "
                "waits for them)\n",
                r->silent_n, r->silent_n == 1 ? " is" : "es are");
}

static void say_where(const struct run *r)
{
    char *path = target_path(&r->target, r->came[0].file);
    if (r->came_n == 1)
        fprintf(stderr, "modprof: trace: %s   (modprof report %s)\n", path, path);
    else
        fprintf(stderr, "modprof: %zu traces, the first: %s   (modprof report %s)\n", r->came_n,
                path, path);
    free(path);
}

void run_say(const struct run *r, int status)
{
    say_how_it_ended(r, status);
    if (!r->came_n) {
        say_nothing_came(r);
        say_left_running(r);
        return;
    }
    for (size_t i = 0; i < r->came_n && i < SUMMARIES_MAX; i++)
        say_trace(r, &r->came[i]);
    say_left_running(r);
    say_where(r);
}
