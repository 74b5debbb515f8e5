/* stack_load: reads the traces that a command names, and makes one tree of stacks of them. */
#ifndef COLLECTOR_CLI_STACK_LOAD_H
#define COLLECTOR_CLI_STACK_LOAD_H

#include "collector/analyse/stack_profile.h"
#include "collector/cli/stack_settings.h"
#include "collector/ingest/locate.h"
#include "collector/model/model.h"

struct stack_load {
    struct paths paths;
    struct model **model;
    size_t model_n, model_cap;
    struct process **process; /* those that were chosen */
    size_t process_n, process_cap;
    struct symbols *symbols;
    struct stack_tree tree;
    struct stack_quality quality;
    int failed;     /* a file could not be read at all */
    int incomplete; /* what was read is not whole */
};

/* Reads what ARGUMENT names (the newest trace where that is empty).  Says what is wrong on stderr.
 * Returns 0, or an exit status + 1.  Either way to be released. */
int stack_load_read(struct stack_load *l, const struct stack_settings *s, char **argument);
/* Makes the tree for S's metric.  Same. */
int stack_load_tree(struct stack_load *l, const struct stack_settings *s);
void stack_load_release(struct stack_load *l);

/* The exit status of a command that got so far. */
int stack_load_status(const struct stack_load *l);

#endif
