/* say: how commands speak about errors.  See cli.h. */
#include "collector/cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

#include "collector/util/err.h"

static void say(const char *command, const char *format, va_list ap)
{
    fprintf(stderr, "modprof %s: ", command);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
}

int cli_usage_error(const char *command, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    say(command, format, ap);
    va_end(ap);
    fprintf(stderr, "Try `modprof %s --help`.\n", command);
    return EXIT_USAGE;
}

int cli_error(const char *command, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    say(command, format, ap);
    va_end(ap);
    return EXIT_ERROR;
}
