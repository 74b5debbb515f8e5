/* doctor_program: which executable runs when a program is started: looks it up in PATH and follows
 * scripts to their interpreters.
 *
 * Context: `modprof doctor`. */
#ifndef COLLECTOR_CLI_DOCTOR_PROGRAM_H
#define COLLECTOR_CLI_DOCTOR_PROGRAM_H

#include <stddef.h>

#include "collector/util/err.h"

struct doctor_program {
    char *found;      /* what the name led to: the executable, or the first script */
    char *executable; /* the ELF file (or what else is no script) in the end */
    char **step;      /* how it was come to, one sentence each */
    size_t step_n, step_cap;
    int shell; /* 1: a shell script; what it starts is not known */
};

/* Resolves PROGRAM as execvp would.  Returns 0, or -1 with ERR.  Either way to be released. */
int doctor_program_find(struct doctor_program *p, const char *program, struct err *err);
void doctor_program_release(struct doctor_program *p);

#endif
