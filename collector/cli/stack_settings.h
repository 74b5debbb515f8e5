/* stack_settings: the options that `modprof flame` and `modprof export` share. */
#ifndef COLLECTOR_CLI_STACK_SETTINGS_H
#define COLLECTOR_CLI_STACK_SETTINGS_H

#include "collector/analyse/stack_profile.h"
#include "collector/cli/options.h"
#include "collector/model/sample_table.h"

enum stack_metric {
    METRIC_CPU,
    METRIC_LOAD,
    METRIC_CROSSINGS,
    METRIC_WALL,
    METRIC_ALLOC_BYTES,
    METRIC_ALLOC_COUNT,
    METRIC_LIVE
};

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
    struct sample_window window;
    enum stack_metric metric;
    enum stack_format format; /* FORMAT_NONE: not given */
    const char *out;          /* NULL: standard output */
    const char *title;        /* NULL: from the traces */
    unsigned long pid;        /* 0: all */
};

/* Reads the options; files follow from argv[optind] on.  FORMATS ends with a NULL name.  Returns 0, or
 * the exit status + 1 where the command is over. */
int stack_settings_read(struct stack_settings *s, int argc, char **argv, const char *help,
                        const struct option_word *formats);

#endif
