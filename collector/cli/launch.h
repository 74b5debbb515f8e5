/* launch: starts the program that is to be profiled, and passes signals on to it.
 *
 * Context: `modprof run`; one thread. */
#ifndef COLLECTOR_CLI_LAUNCH_H
#define COLLECTOR_CLI_LAUNCH_H

#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include "collector/util/err.h"

struct launch {
    char **argv;       /* of the program; argv[0] is looked up in PATH */
    const char *shim;  /* for LD_PRELOAD; in front of what is there */
    const char *out;   /* for MODPROF_OUT */
    const char *token; /* for MODPROF_TOKEN; NULL: left as it is */
    pid_t pid;
    int signal_fd;     /* signals for launch_signal, as struct signalfd_siginfo */
    uint64_t start_ns; /* CLOCK_MONOTONIC */
};

enum { LAUNCH_NOT_FOUND = 127, LAUNCH_NOT_EXECUTABLE = 126 };

/* Starts it. Returns 0; or with ERR -1, LAUNCH_NOT_FOUND or LAUNCH_NOT_EXECUTABLE. The signals that
 * may be passed on are blocked from then on in this process, not in the program. */
int launch_start(struct launch *l, struct err *err);

/* Does with a signal that this process got what a shell would: passes it on, unless the terminal
 * has sent it to the program as well; stops with it, continues it. */
void launch_signal(const struct launch *l, const struct signalfd_siginfo *s);

/* 1 once the program has ended; a SIGCHLD at signal_fd is the time to ask. */
int launch_ended(const struct launch *l);

/* Waits for the program.  Returns its exit status, 128+n where signal n ended it. */
int launch_wait(struct launch *l);

#endif
