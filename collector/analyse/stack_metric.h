/* stack_metric: what stacks can be weighed by.  A new metric is one row of stack_metrics.def and a
 * function that adds what a process has of it to a tree. */
#ifndef COLLECTOR_ANALYSE_STACK_METRIC_H
#define COLLECTOR_ANALYSE_STACK_METRIC_H

#include "collector/analyse/stack_profile.h"
#include "collector/util/human.h"

enum stack_metric_id {
#define STACK_METRIC(id, ...) STACK_METRIC_##id,
#include "collector/analyse/stack_metrics.def"
    STACK_METRIC_N
};

/* What can be chosen within a metric.  --by function and --by module are for all of them. */
enum stack_takes {
    TAKES_LINES = 1, /* --by line */
    TAKES_THREAD = 2,
    TAKES_STATE = 4,
    TAKES_WINDOW = 8, /* --from, --to */
    TAKES_ALL = 15
};

/* A process and the place in a tree that its stacks go to. */
struct stack_part {
    struct process *process;
    struct symbols *symbols;
    const struct stack_choice *choice;
    struct stack_tree *tree;
    uint32_t under;                /* number of a node */
    struct stack_quality *quality; /* of samples */
};
typedef void stack_metric_add(const struct stack_part *p);

struct stack_metric {
    const char *name, *title;
    enum stack_unit unit;
    unsigned takes;
    stack_metric_add *add;
    const char *summary, *none;
};

const struct stack_metric *stack_metric_at(enum stack_metric_id id);
enum stack_metric_id stack_metric_id_of(const struct stack_metric *m);

/* "12 ms", "34 KiB", "1,234". */
char *stack_weight_text(const struct stack_metric *m, char out[HUMAN_MAX], double weight);

#endif
