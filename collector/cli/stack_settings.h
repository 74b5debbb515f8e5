/* stack_settings: the options that `modprof flame` and `modprof export` share. */
#ifndef COLLECTOR_CLI_STACK_SETTINGS_H
#define COLLECTOR_CLI_STACK_SETTINGS_H

#include "collector/analyse/stack_metric.h"
#include "collector/cli/options.h"
#include "collector/model/sample_table.h"

enum { METRIC_ANY = -1 };

enum stack_format {
    FORMAT_NONE,
    FORMAT_FOLDED,
    FORMAT_SVG,
    FORMAT_HTML,
    FORMAT_PPROF,
    FORMAT_SPEEDSCOPE,
    FORMAT_CHROME
};

struct stack_settings {
    const char *command; /* "flame", "export" */
    struct stack_choice choice;
    struct stack_shape shape;
    struct sample_window window;
    int metric;               /* enum stack_metric_id; METRIC_ANY: not given */
    enum stack_format format; /* FORMAT_NONE: not given */
    const char *out;          /* NULL: standard output */
    const char *title;        /* NULL: from the traces */
    /* what is named, and what it is compared with (--diff, --vs); each ends with NULL */
    struct stack_files {
        char **at;
        size_t n, cap;
    } files, other;
    int shares;        /* 1: both sides are scaled to the same total */
    unsigned long pid; /* 0: all */
    struct option_symbols symbols;
};

/* The text of --help: what can be chosen within stacks is told between these two. */
struct stack_help {
    const char *before, *after;
};

/* Reads options and names.  FORMATS ends with a NULL name.  Returns 0, or the exit status + 1 where the command
 * is over.  Either way to be released. */
int stack_settings_read(struct stack_settings *s, int argc, char **argv,
                        const struct stack_help *help, const struct option_word *formats);

void stack_settings_release(struct stack_settings *s);

/* Sets the metric by its name; returns 0, or -1 having said what was wrong. */
int stack_settings_metric(struct stack_settings *s, const char *name);

#endif
