/* gzip_file: a stream that writes gzip to another one. */
#ifndef COLLECTOR_UTIL_GZIP_FILE_H
#define COLLECTOR_UTIL_GZIP_FILE_H

#include <stdio.h>

/* LEVEL as zlib has it: 1 fast to 9 small.  UNDER stays open when the stream is closed, and is to be
 * valid until then; what could not be written shows in ferror(UNDER) and in fclose of the stream.  NULL
 * with errno: no memory. */
FILE *gzip_file_open(FILE *under, int level);

#endif
