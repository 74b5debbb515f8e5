/* output_file: where a command's result goes: a file, or standard output. */
#ifndef COLLECTOR_CLI_OUTPUT_FILE_H
#define COLLECTOR_CLI_OUTPUT_FILE_H

#include <stdio.h>

/* Opens PATH anew; NULL or "-": standard output.  NULL after saying why it can not be written: also where it is a trace. */
FILE *output_file_open(const char *command, const char *path);

/* Ends what output_file_open began; BAD: writing failed already.  A reader of standard output that left early is
 * nobody's error.  Returns an exit status, having said what was wrong. */
int output_file_close(const char *command, const char *path, FILE *out, int bad);

#endif
