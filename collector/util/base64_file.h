/* base64_file: a stream that writes base64, in lines of 76 characters, to another one. */
#ifndef COLLECTOR_UTIL_BASE64_FILE_H
#define COLLECTOR_UTIL_BASE64_FILE_H

#include <stdio.h>

/* UNDER stays open when the stream is closed, and is to be valid until then; what could not be
 * written shows in ferror(UNDER) and in fclose of the stream.  NULL with errno: no memory. */
FILE *base64_file_open(FILE *under);

#endif
