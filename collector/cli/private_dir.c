/* private_dir: see private_dir.h. */
#include "collector/cli/private_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_preloadable(const char *path)
{
    return !strpbrk(path, " \t\n:");
}

/* Of a directory whose path has blanks no library could be preloaded. */
static int make_in(const char *parent, char *out)
{
    if (!parent || parent[0] != '/' || !is_preloadable(parent))
        return -1;
    int n = snprintf(out, PRIVATE_DIR_MAX, "%s/modprof-XXXXXX", parent);
    return n > 0 && n < PRIVATE_DIR_MAX && mkdtemp(out) ? 0 : -1;
}

int private_dir_make(struct private_dir *d, int strangers, struct err *err)
{
    d->lib[0] = 0;
    const char *first = strangers ? NULL : getenv("XDG_RUNTIME_DIR");
    if (!make_in(first, d->path) || !make_in(getenv("TMPDIR"), d->path) ||
        !make_in("/tmp", d->path))
        return strangers ? chmod(d->path, 0711) : 0;
    err_set(err,
            "no directory for the socket could be made in $XDG_RUNTIME_DIR, $TMPDIR or /tmp: %s",
            strerror(errno));
    d->path[0] = 0;
    return -1;
}

const char *private_dir_preloadable(struct private_dir *d, const char *lib, struct err *err)
{
    if (is_preloadable(lib))
        return lib;
    snprintf(d->lib, sizeof d->lib, "%s/libmodprof.so", d->path);
    if (!symlink(lib, d->lib))
        return d->lib;
    d->lib[0] = 0;
    err_set(err, "%s has a blank or a colon in its path and can not be preloaded", lib);
    return NULL;
}

void private_dir_remove(struct private_dir *d)
{
    if (d->lib[0])
        unlink(d->lib);
    if (d->path[0])
        rmdir(d->path);
    d->path[0] = d->lib[0] = 0;
}
