/* target: see target.h. */
#include "collector/cli/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/ingest/trace_tail.h"
#include "collector/util/xalloc.h"

enum { PID_ROOM = 24 }; /* what is added to a name: a process id, a number */

static int open_directory(struct target *t, const char *dir)
{
    const char *path = *dir ? dir : ".";
    if (strlen(dir) >= sizeof t->dir)
        return errno = ENAMETOOLONG, -1;
    strcpy(t->dir, dir);
    t->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->dir_fd < 0)
        return -1;
    if (!faccessat(t->dir_fd, ".", W_OK | X_OK, AT_EACCESS))
        return 0;
    target_close(t);
    return -1;
}

static int open_usual(struct target *t, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    if (!open_directory(t, "") || (tmp && *tmp && !open_directory(t, tmp)) ||
        !open_directory(t, "/tmp"))
        return 0;
    return err_set(err,
                   "no trace can be written to the working directory, $TMPDIR or /tmp: %s; "
                   "give a file with -o",
                   strerror(errno));
}

/* A trace, or an empty file: what an earlier run left. */
static int is_trace(int dir_fd, const char *name)
{
    struct stat st;
    int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    int is = trace_begins(fd) || (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size == 0);
    close(fd);
    return is;
}

/* Removed now, not when the new one is there: an old trace must never be taken for a new one. */
static int make_way(const struct target *t, const char *out, struct err *err)
{
    struct stat st;
    if (fstatat(t->dir_fd, t->file, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
        return 0;
    if (!is_trace(t->dir_fd, t->file))
        return err_set(err,
                       "%s is there already and is not a trace: it stays as it is; give "
                       "another name with -o",
                       out);
    if (unlinkat(t->dir_fd, t->file, 0))
        return err_set(err, "%s can not be replaced: %s", out, strerror(errno));
    return 0;
}

static int open_file(struct target *t, const char *out, struct err *err)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(out, '/'), *name = slash ? slash + 1 : out;
    size_t n = slash ? (size_t)(slash - out) + (slash == out) : 0;
    if (n >= sizeof dir || strlen(name) >= sizeof t->file - PID_ROOM || !*name)
        return err_set(err, "%s: the name is too long, or none", out);
    memcpy(dir, out, n);
    dir[n] = 0;
    if (open_directory(t, dir))
        return err_set(err, "%s can not be written: %s: %s", out, n ? dir : "the working directory",
                       strerror(errno));
    strcpy(t->file, name);
    return make_way(t, out, err);
}

int target_open(struct target *t, const char *out, struct err *err)
{
    struct stat st;
    memset(t, 0, sizeof *t);
    t->dir_fd = -1;
    if (!out)
        return open_usual(t, err);
    if (stat(out, &st) || !S_ISDIR(st.st_mode))
        return open_file(t, out, err);
    if (open_directory(t, out))
        return err_set(err, "no trace can be written to %s: %s", out, strerror(errno));
    return 0;
}

void target_close(struct target *t)
{
    if (t->dir_fd >= 0)
        close(t->dir_fd);
    t->dir_fd = -1;
}

int target_name(const struct target *t, unsigned pid, char out[SERVE_NAME_MAX])
{
    const char *dot = strrchr(t->file, '.');
    size_t stem = dot && dot != t->file ? (size_t)(dot - t->file) : strlen(t->file);
    if (!t->file[0])
        return 0;
    snprintf(out, SERVE_NAME_MAX, "%.*s-%u%s", (int)stem, t->file, pid, t->file + stem);
    return 1;
}

char *target_path(const struct target *t, const char *file)
{
    size_t n = strlen(t->dir);
    return xformat("%s%s%s", t->dir, n && t->dir[n - 1] != '/' ? "/" : "", file);
}
