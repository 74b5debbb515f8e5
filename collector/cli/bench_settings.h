/* bench_settings: the command line of `modprof bench`. */
#ifndef COLLECTOR_CLI_BENCH_SETTINGS_H
#define COLLECTOR_CLI_BENCH_SETTINGS_H

#include "collector/bench/bench_model.h"

struct bench_settings {
    int json, color;           /* color: enum terminal_color */
    const char *output;        /* NULL: standard output */
    const char *history;       /* NULL: the usual file */
    const char *save_baseline; /* NULL: none */
    const char *baseline;      /* NULL: none */
    int save, lenient, any_machine, metrics;
};

/* Reads the options and the program into S and B (zeroed).  Returns 0, or the exit status + 1 where the command is
 * over.  B is to be released either way. */
int bench_settings_read(struct bench_settings *s, struct bench *b, int argc, char **argv);

#endif
