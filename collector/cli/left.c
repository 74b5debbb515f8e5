/* left: looks through /proc.  See left.h. */
#include "collector/cli/left.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/util/xalloc.h"

enum { ENVIRON_MAX = 256 << 10 };

/* 1 where one of the NUL-ended strings in TEXT[N] is SETTING. */
static int holds(const char *text, size_t n, const char *setting)
{
    size_t length = strlen(setting) + 1;
    for (const char *at = text, *end = text + n; at < end;) {
        const char *nul = memchr(at, 0, (size_t)(end - at));
        if (!nul)
            return 0;
        if ((size_t)(nul + 1 - at) == length && !memcmp(at, setting, length))
            return 1;
        at = nul + 1;
    }
    return 0;
}

static size_t read_environ(int proc_fd, const char *pid, char *out)
{
    char path[300];
    size_t n = 0;
    stpcpy(stpcpy(path, pid), "/environ");
    int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    for (ssize_t got; n < ENVIRON_MAX && (got = read(fd, out + n, ENVIRON_MAX - n)) > 0;)
        n += (size_t)got;
    close(fd);
    return n;
}

unsigned left_n(const char *setting)
{
    unsigned count = 0;
    DIR *proc = opendir("/proc");
    char *text = xmalloc(ENVIRON_MAX);
    for (struct dirent *e; proc && (e = readdir(proc));)
        if (isdigit((unsigned char)e->d_name[0]))
            count += (unsigned)holds(text, read_environ(dirfd(proc), e->d_name, text), setting);
    if (proc)
        closedir(proc);
    free(text);
    return count;
}
