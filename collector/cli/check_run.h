/* check_run: `modprof check -- PROGRAM`: runs the program some times under the profiler, for its traces. */
#ifndef COLLECTOR_CLI_CHECK_RUN_H
#define COLLECTOR_CLI_CHECK_RUN_H

#include "collector/cli/check_settings.h"

struct check_run {
    char *dir; /* made now, with the traces in it; NULL: none */
};

/* Runs S->program S->runs times.  Returns 0, or an exit status after saying what is wrong: the program can not be
 * run, or did not end with status 0.  Either way to be released, which removes the traces. */
int check_run(struct check_run *r, const struct check_settings *s);
void check_run_release(struct check_run *r);

#endif
