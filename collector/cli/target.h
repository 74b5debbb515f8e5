/* target: where `modprof run` puts traces: the directory, and the name for each process.
 *
 * Context: collector. */
#ifndef COLLECTOR_CLI_TARGET_H
#define COLLECTOR_CLI_TARGET_H

#include <limits.h>

#include "collector/ingest/serve.h"
#include "collector/util/err.h"

struct target {
    int dir_fd;                /* -1: not open */
    char dir[PATH_MAX];        /* as the user may write it; "" : the working directory */
    char file[SERVE_NAME_MAX]; /* for the main process; "" : <program>-<pid>.mprof */
};

/* OUT as given with -o: a file, a directory, or NULL for the working directory ($TMPDIR, /tmp where
 * that can not be written). A trace that stands there already is removed; any other file makes it
 * fail. Returns 0, or -1 with ERR. */
int target_open(struct target *t, const char *out, struct err *err);
void target_close(struct target *t);

/* The name for a process other than the main one: "x.mprof" becomes "x-PID.mprof".  Returns 0 where
 * the usual name will do. */
int target_name(const struct target *t, unsigned pid, char out[SERVE_NAME_MAX]);

/* FILE in the directory, for people; the caller frees it. */
char *target_path(const struct target *t, const char *file);

#endif
