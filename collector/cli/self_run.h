/* self_run: starts this program again with another command, and waits for it. */
#ifndef COLLECTOR_CLI_SELF_RUN_H
#define COLLECTOR_CLI_SELF_RUN_H

enum self_output {
    SELF_SHOW,   /* standard output and error stay */
    SELF_ERRORS, /* only errors stay */
    SELF_SILENT  /* neither */
};

/* ARGV[0] is "modprof", and ends with NULL.  Standard input is empty.  While it runs, an interrupt from the terminal
 * is its own; it ends when we do.  Returns its exit status, 128 + N after signal N, or -1 where it could not be
 * started. */
int self_run(const char *const *argv, enum self_output output);

#endif
