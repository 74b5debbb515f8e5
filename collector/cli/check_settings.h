/* check_settings: the command line of `modprof check`. */
#ifndef COLLECTOR_CLI_CHECK_SETTINGS_H
#define COLLECTOR_CLI_CHECK_SETTINGS_H

enum check_format {
    CHECK_TEXT,
    CHECK_JSON,
    CHECK_JUNIT,
    CHECK_SARIF,
    CHECK_GITHUB,
    CHECK_GITLAB,
    CHECK_OPENMETRICS
};

struct check_settings {
    enum check_format format;
    const char *config;          /* NULL: look for it */
    const char *output;          /* NULL: standard output */
    const char *baseline;        /* NULL: what the budgets say, if anything */
    const char *artifact;        /* NULL: none */
    const char *history;         /* NULL: the usual file */
    const char *save_baseline;   /* NULL: none */
    unsigned long pid;           /* 0: all */
    char **program;              /* to run for its traces; NULL: traces are given */
    unsigned long runs;          /* how often; 1 unless told otherwise */
    int any_status, show_output; /* of the program */
    int save, any_machine;
    int init, all, strict, lenient, metrics, color; /* color: enum terminal_color */
};

/* Reads the options; files follow from argv[optind] on.  Returns 0, or the exit status + 1 where the
 * command is over. */
int check_settings_read(struct check_settings *s, int argc, char **argv);

#endif
