/* locate: which trace files the user means. */
#ifndef COLLECTOR_INGEST_LOCATE_H
#define COLLECTOR_INGEST_LOCATE_H

#include <stddef.h>

#include "collector/util/err.h"

#define LOCATE_STDIN "/dev/stdin"

struct paths {
    char **at;
    size_t n, cap;
};
void paths_release(struct paths *p);

/* Adds what ARGUMENT names: the file itself, or the traces (*.mprof) in a directory, oldest first;
 * "-" is standard input.  Returns 0, or -1 with ERR where there is no such thing, or no trace in
 * the directory. */
int locate_argument(struct paths *p, const char *argument, struct err *err);

/* Adds the newest trace of this user in the working directory, or else in $TMPDIR (/tmp): the
 * places where the shim puts them.  Returns 0, or -1 with ERR. */
int locate_newest(struct paths *p, struct err *err);

#endif
