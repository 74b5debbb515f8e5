/* output_file: see output_file.h. */
#include "collector/cli/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "collector/cli/cli.h"
#include "collector/ingest/trace_tail.h"
#include "collector/util/err.h"

static int is_stdout(const char *path)
{
    return !path || !strcmp(path, "-");
}

/* Whoever names one by mistake, as in `flame -o a.mprof`, would lose it. */
static int is_trace(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int is = fd >= 0 && trace_begins(fd);
    if (fd >= 0)
        close(fd);
    return is;
}

FILE *output_file_open(const char *command, const char *path)
{
    if (!is_stdout(path) && is_trace(path)) {
        cli_error(command, "%s is a trace, and stays one: name another file for what is written",
                  path);
        return NULL;
    }
    FILE *out = is_stdout(path) ? stdout : fopen(path, "we");
    if (!out)
        cli_error(command, "%s can not be written: %s", path, strerror(errno));
    return out;
}

int output_file_close(const char *command, const char *path, FILE *out, int bad)
{
    errno = bad ? errno : 0;
    bad |= fflush(out) != 0 || ferror(out);
    int why = errno;
    if (out != stdout && fclose(out)) {
        why = bad ? why : errno;
        bad = 1;
    }
    if (!bad || (out == stdout && why == EPIPE))
        return EXIT_FINE;
    return cli_error(command, "%s could not be written: %s", is_stdout(path) ? "the output" : path,
                     why ? strerror(why) : "unknown error");
}
