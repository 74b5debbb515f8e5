/* check_traces: the traces that `modprof check` reads, with what it needs to know of their processes. */
#ifndef COLLECTOR_CLI_CHECK_TRACES_H
#define COLLECTOR_CLI_CHECK_TRACES_H

#include "collector/analyse/digest.h"
#include "collector/ingest/locate.h"

struct check_traces {
    struct paths paths; /* the files, as they were found */
    struct model **model;
    size_t model_n, model_cap;
    struct digest **digest;
    size_t digest_n, digest_cap;
    struct symbols *symbols;
};

/* Reads what ARGUMENT names (the newest trace where that is empty), PID only where it is not 0.  Returns 0,
 * or an exit status after saying what is wrong: EXIT_ERROR a file can not be read, EXIT_NO_VERDICT there is
 * none.  Either way to be released. */
int check_traces_read(struct check_traces *t, char *const *argument, unsigned long pid);
void check_traces_release(struct check_traces *t);

#endif
