/* run: what the parts of `modprof run` share: run.c starts and collects, run_say.c sums up.
 *
 * Context: collector. */
#ifndef COLLECTOR_CLI_RUN_H
#define COLLECTOR_CLI_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "collector/cli/launch.h"
#include "collector/cli/private_dir.h"
#include "collector/cli/target.h"
#include "collector/ingest/listen.h"
#include "collector/ingest/serve.h"

struct event_base;

/* A trace that came in. */
struct came {
    char file[SERVE_NAME_MAX];
    unsigned pid;
    int is_main;
    enum serve_outcome outcome;
};

struct run {
    const char *out;
    int quiet, wait_ms;
    struct event_base *base;
    struct serve *serve;
    struct private_dir dir;
    struct listening listening;
    struct target target;
    struct launch launch;
    char token[40];
    char setting[LISTEN_NAME_MAX + 16]; /* marks the program's processes */
    unsigned silent_n;                  /* left in the background, not connected */
    int program_ended, impatient;
    uint64_t end_ns;
    struct came *came;
    size_t came_n, came_cap;
};

/* Says on stderr in a few lines what came of it: how the program ended (STATUS, as a shell has
 * it), what the traces hold, where they are. */
void run_say(const struct run *r, int status);

#endif
