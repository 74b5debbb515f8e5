/* diff_settings: the command line of `modprof diff`. */
#ifndef COLLECTOR_CLI_DIFF_SETTINGS_H
#define COLLECTOR_CLI_DIFF_SETTINGS_H

#include "collector/cli/options.h"
#include "collector/diff/diff.h"

struct diff_settings {
    struct diff_options options;
    struct sample_window window;
    struct option_symbols symbols;
    char **side[SIDE_N]; /* files and folders; freed by diff_settings_release */
    size_t n[SIDE_N], cap[SIDE_N];
    const char *section; /* NULL: all */
    const char *out;     /* NULL: standard output */
    unsigned long pid;   /* 0: all */
    size_t top;
    int json, all, exit_code, color; /* color: enum terminal_color */
};

/* Returns 0, or the exit status + 1 where the command is over.  Either way to be released. */
int diff_settings_read(struct diff_settings *s, int argc, char **argv);
void diff_settings_release(struct diff_settings *s);

#endif
