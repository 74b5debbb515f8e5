/* orphans: see orphans.h.  Reads the directory without the C library's streams, which allocate. */
#include "shim/record/orphans.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/platform.h"

enum { NAME_MAX_BYTES = 64, SEEN_MAX = 256, BUFFER = 8192, ENTRIES_MAX = 4096 };

static SHIM_TABLE struct orphan {
    uint64_t ticks; /* start of its process: the smaller, the older */
    char name[NAME_MAX_BYTES];
} orphans[SEEN_MAX];

/* Reads digits and the character behind them (0: the end).  Returns where to go on, NULL: no
 * such. */
static const char *number(const char *s, uint64_t *v, char behind)
{
    const char *from = s;
    for (*v = 0; *s >= '0' && *s <= '9' && s - from < 19; s++)
        *v = *v * 10 + (uint64_t)(*s - '0');
    return s == from || *s != behind ? NULL : s + 1;
}

/* 1 where NAME is modprof.UID.PID.TICKS, of this user and of a process that is not there. */
static int is_orphan(const char *name, uint64_t *ticks)
{
    static const char prefix[] = "modprof.";
    uint64_t uid, pid;
    if (strlen(name) >= NAME_MAX_BYTES || strncmp(name, prefix, sizeof prefix - 1))
        return 0;
    const char *at = number(name + sizeof prefix - 1, &uid, '.');
    if (!at || uid != geteuid() || !(at = number(at, &pid, '.')) || !number(at, ticks, 0))
        return 0;
    return pid > 0 && pid <= INT32_MAX && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* Adds it to the N known ones, oldest first; beyond SEEN_MAX they wait for the next sweep. */
static int add(int n, const char *name, uint64_t ticks)
{
    int at = n;
    while (at > 0 && orphans[at - 1].ticks > ticks)
        at--;
    if (n == SEEN_MAX)
        return n;
    memmove(&orphans[at + 1], &orphans[at], (size_t)(n - at) * sizeof *orphans);
    orphans[at].ticks = ticks;
    strcpy(orphans[at].name, name);
    return n + 1;
}

static int read_all(int dir)
{
    static SHIM_TABLE char buffer[BUFFER];
    int n = 0, entries = 0;
    for (long got;
         entries < ENTRIES_MAX && (got = syscall(SYS_getdents64, dir, buffer, sizeof buffer)) > 0;)
        for (long at = 0; at < got; entries++) {
            const struct dirent64 *d = (const void *)(buffer + at);
            uint64_t ticks;
            if (is_orphan(d->d_name, &ticks))
                n = add(n, d->d_name, ticks);
            at += d->d_reclen;
        }
    return n;
}

void orphans_sweep(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    int n = read_all(fd);
    for (int i = 0; i + ORPHANS_KEPT < n; i++)
        unlinkat(fd, orphans[i].name, 0);
    close(fd);
}
