/* summary: a few lines about a trace, for `modprof run` when the program has ended. */
#ifndef COLLECTOR_CLI_SUMMARY_H
#define COLLECTOR_CLI_SUMMARY_H

#include <stdio.h>

#include "collector/util/err.h"

/* Prints at most nine lines about the trace file at PATH to OUT: processes with their modules,
 * memory, crossings, and what was lost or not covered.  Returns 0, or -1 with ERR where nothing of the
 * file could be read (nothing is printed then). */
int summary_print(const char *path, FILE *out, struct err *err);

#endif
