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

struct sweep {
    uint64_t uid;
    int all_n;           /* arenas of this user's */
    int looks, orphan_n; /* 1: the oldest orphans among them are noted */
};

/* Adds it to the N known ones, oldest first; beyond SEEN_MAX they wait for the next sweep. */
static int add(int n, const char *name, uint64_t ticks)
{
    int at = n;
    if (n == SEEN_MAX)
        return n;
    while (at > 0 && orphans[at - 1].ticks > ticks)
        at--;
    memmove(&orphans[at + 1], &orphans[at], (size_t)(n - at) * sizeof *orphans);
    orphans[at].ticks = ticks;
    strcpy(orphans[at].name, name);
    return n + 1;
}

static int is_gone(uint64_t pid)
{
    return pid > 0 && pid <= INT32_MAX && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* An arena's name is modprof.UID.PID.TICKS. */
static void see(struct sweep *w, const char *name)
{
    static const char prefix[] = "modprof.";
    uint64_t uid, pid, ticks;
    if (strlen(name) >= NAME_MAX_BYTES || strncmp(name, prefix, sizeof prefix - 1))
        return;
    const char *at = number(name + sizeof prefix - 1, &uid, '.');
    if (!at || uid != w->uid || !(at = number(at, &pid, '.')) || !number(at, &ticks, 0))
        return;
    w->all_n++;
    if (w->looks && is_gone(pid))
        w->orphan_n = add(w->orphan_n, name, ticks);
}

static void see_all(struct sweep *w, int dir)
{
    static SHIM_TABLE char buffer[BUFFER];
    int entries = 0;
    for (long got;
         entries < ENTRIES_MAX && (got = syscall(SYS_getdents64, dir, buffer, sizeof buffer)) > 0;)
        for (long at = 0; at < got; entries++) {
            const struct dirent64 *d = (const void *)(buffer + at);
            see(w, d->d_name);
            at += d->d_reclen;
        }
}

/* Whose process is gone is asked only where there are so many that some have to go. */
void orphans_sweep(const char *dir)
{
    struct sweep w = {.uid = geteuid()};
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    see_all(&w, fd);
    if (w.all_n > ORPHANS_KEPT && syscall(SYS_lseek, fd, 0L, (long)SEEK_SET) == 0) {
        w.looks = 1;
        see_all(&w, fd);
    }
    for (int i = 0; i + ORPHANS_KEPT < w.orphan_n; i++)
        unlinkat(fd, orphans[i].name, 0);
    close(fd);
}
