/* debuginfod_fetch: debug information from servers, only when asked for.  See debug_file.h.
 *
 * The library is opened when it is needed: without it everything else works. */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/symbol/debug_file.h"

struct client;
typedef struct client *begin_function(void);
typedef int find_function(struct client *c, const unsigned char *build_id, int n, char **path);
typedef void end_function(struct client *c);

char *debuginfod_fetch(const uint8_t *build_id, size_t n)
{
    static int told;
    char *path = NULL;
    void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        if (!told)
            fputs("modprof: --debuginfod needs libdebuginfod.so.1 (Debian: libdebuginfod1)\n",
                  stderr);
        told = 1;
        return NULL;
    }
    begin_function *begin = (begin_function *)dlsym(library, "debuginfod_begin");
    find_function *find = (find_function *)dlsym(library, "debuginfod_find_debuginfo");
    end_function *end = (end_function *)dlsym(library, "debuginfod_end");
    struct client *c = begin && find && end ? begin() : NULL;
    if (!c)
        return NULL;
    int fd = find(c, build_id, (int)n, &path);
    if (fd >= 0)
        close(fd);
    end(c);
    return fd >= 0 ? path : NULL;
}
