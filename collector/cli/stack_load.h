/* stack_load: reads the traces that a command names, and makes one tree of stacks of them. */
#ifndef COLLECTOR_CLI_STACK_LOAD_H
#define COLLECTOR_CLI_STACK_LOAD_H

#include "collector/analyse/stack_profile.h"
#include "collector/cli/stack_settings.h"
#include "collector/cli/traces.h"

struct stack_load {
    struct traces traces;
    struct process **process; /* those of the traces */
    size_t process_n;
    struct symbols *symbols;
    struct stack_tree tree;
    struct stack_quality quality;
};

/* Reads FILES (traces.h); same returns.  Either way to be released. */
int stack_load_read(struct stack_load *l, const struct stack_settings *s,
                    const struct stack_files *files);
/* Makes the tree for S's metric.  Same.  Processes are put together where there is S->other, since their
 * numbers are never the same. */
int stack_load_tree(struct stack_load *l, const struct stack_settings *s);
/* How many traces there are: of repeated runs one each. */
size_t stack_load_runs(const struct stack_load *l);
void stack_load_release(struct stack_load *l);

#endif
