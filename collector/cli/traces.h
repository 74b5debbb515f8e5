/* traces: the trace files that a command was told to read, and the processes in them. */
#ifndef COLLECTOR_CLI_TRACES_H
#define COLLECTOR_CLI_TRACES_H

#include "collector/ingest/locate.h"
#include "collector/model/model.h"

/* A process that was chosen, and the trace that it stands in. */
struct traced {
    struct model *model;
    struct process *process;
};

struct traces {
    const char *command;         /* set by the caller, as are: */
    unsigned long pid;           /* only this process; 0: all */
    struct sample_window window; /* of the samples */
    struct paths paths;
    struct model **model;
    size_t model_n, model_cap;
    struct traced *at; /* in order of the files */
    size_t n, cap;
    int failed;     /* a file could not be read at all */
    int incomplete; /* what was read is not whole */
};

/* Reads what ARGUMENT[N] name: files, folders, "-"; N 0: the newest trace.  Says what is wrong on stderr.
 * Returns 0, or an exit status + 1 where there is no process to go on with.  Either way to be
 * released. */
int traces_read(struct traces *t, char *const *argument, size_t n);
/* Says on stderr what is missing, of each process whose trace is not whole. */
void traces_incomplete_say(const struct traces *t);
void traces_release(struct traces *t);

/* The exit status of a command that got so far. */
int traces_status(const struct traces *t);

#endif
