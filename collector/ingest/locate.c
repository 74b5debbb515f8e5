/* locate: see locate.h. */
#include "collector/ingest/locate.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/util/xalloc.h"

struct found {
    char *path;
    struct timespec when;
};

struct found_list {
    struct found *at;
    size_t n, cap;
};

void paths_release(struct paths *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->at[i]);
    free(p->at);
    memset(p, 0, sizeof *p);
}

static void add(struct paths *p, char *path)
{
    p->at = xgrow(p->at, p->n, &p->cap, sizeof *p->at);
    p->at[p->n++] = path;
}

static int is_trace_name(const char *name)
{
    size_t n = strlen(name), suffix = strlen(".mprof");
    return n > suffix && !strcmp(name + n - suffix, ".mprof");
}

static void consider(struct found_list *l, const char *dir, const char *name, int own_only)
{
    struct stat st;
    char *path = xformat("%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
    if (lstat(path, &st) || !S_ISREG(st.st_mode) || (own_only && st.st_uid != geteuid())) {
        free(path);
        return;
    }
    l->at = xgrow(l->at, l->n, &l->cap, sizeof *l->at);
    l->at[l->n++] = (struct found){path, st.st_mtim};
}

/* Traces in a directory; -1 with errno where it can not be read. */
static int directory_read(struct found_list *l, const char *dir, int own_only)
{
    DIR *d = opendir(dir);
    if (!d)
        return -1;
    for (struct dirent *e; (e = readdir(d));)
        if (is_trace_name(e->d_name))
            consider(l, dir, e->d_name, own_only);
    closedir(d);
    return 0;
}

static int older_first(const void *pa, const void *pb)
{
    const struct found *a = pa, *b = pb;
    if (a->when.tv_sec != b->when.tv_sec)
        return a->when.tv_sec < b->when.tv_sec ? -1 : 1;
    if (a->when.tv_nsec != b->when.tv_nsec)
        return a->when.tv_nsec < b->when.tv_nsec ? -1 : 1;
    return strcmp(a->path, b->path);
}

/* Moves the newest MOST of the list to P, oldest first; the rest is released. */
static void take(struct paths *p, struct found_list *l, size_t most)
{
    if (l->n)
        qsort(l->at, l->n, sizeof *l->at, older_first);
    for (size_t i = 0; i < l->n; i++) {
        if (i + most >= l->n)
            add(p, l->at[i].path);
        else
            free(l->at[i].path);
    }
    free(l->at);
    memset(l, 0, sizeof *l);
}

static int add_directory(struct paths *p, const char *dir, struct err *err)
{
    struct found_list l = {0};
    if (directory_read(&l, dir, 0))
        return err_set(err, "%s: can not be read: %s", dir, strerror(errno));
    size_t n = l.n;
    take(p, &l, SIZE_MAX / 2);
    return n ? 0 : err_set(err, "%s: there is no trace (*.mprof) in this directory", dir);
}

int locate_argument(struct paths *p, const char *argument, struct err *err)
{
    struct stat st;
    if (!strcmp(argument, "-")) {
        add(p, xstrdup(LOCATE_STDIN));
        return 0;
    }
    if (stat(argument, &st))
        return err_set(err, "%s: can not be opened: %s", argument, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return add_directory(p, argument, err);
    add(p, xstrdup(argument));
    return 0;
}

int locate_newest(struct paths *p, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    struct found_list l = {0};
    if (!tmp || !*tmp)
        tmp = "/tmp";
    directory_read(&l, ".", 1);
    if (!l.n)
        directory_read(&l, tmp, 1);
    if (!l.n)
        return err_set(err,
                       "there is no trace (*.mprof) of yours here or in %s: name one, or make "
                       "one with `modprof run -- PROGRAM`",
                       tmp);
    take(p, &l, 1);
    if (!strncmp(p->at[p->n - 1], "./", 2))
        memmove(p->at[p->n - 1], p->at[p->n - 1] + 2, strlen(p->at[p->n - 1]) - 1);
    return 0;
}
