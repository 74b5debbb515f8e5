/* shim_path: see shim_path.h. */
#include "collector/cli/shim_path.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIB "libmodprof.so"

/* Relative ones start from the directory of the running program. */
static const char *const places[] = {
    LIB,
    "../lib/modprof/" LIB,
    "../lib/x86_64-linux-gnu/modprof/" LIB,
    "../lib64/modprof/" LIB,
    "/usr/local/lib/modprof/" LIB,
    "/usr/lib/modprof/" LIB,
    "/usr/lib/x86_64-linux-gnu/modprof/" LIB,
};

static int is_there(const char *path, char *out)
{
    return realpath(path, out) && !access(out, R_OK);
}

static int program_directory(char *out)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0)
        return -1;
    exe[n] = 0;
    strcpy(out, dirname(exe));
    return 0;
}

int shim_path_find(char *out, struct err *err)
{
    char from[PATH_MAX], path[2 * PATH_MAX];
    const char *told = getenv("MODPROF_LIB");
    if (told && *told) {
        if (is_there(told, out))
            return 0;
        return err_set(err, "MODPROF_LIB says %s, which can not be read: %s", told,
                       strerror(errno));
    }
    if (program_directory(from))
        strcpy(from, "/usr/bin");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s%s%s", places[i][0] == '/' ? "" : from,
                 places[i][0] == '/' ? "" : "/", places[i]);
        if (is_there(path, out))
            return 0;
    }
    return err_set(err,
                   LIB " was not found beside %s/modprof nor in ../lib/modprof: build it "
                       "(make), or say where it is with MODPROF_LIB=/path/to/" LIB,
                   from);
}
