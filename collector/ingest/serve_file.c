/* serve_file: which file a process's trace goes to, and how it is opened.
 *
 * The name comes from the client and is made harmless; the file is made with O_EXCL in the
 * directory's descriptor, so that neither a link nor an older trace is ever written through. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/ingest/arena_copy.h"
#include "collector/ingest/serve_parts.h"
#include "collector/ingest/trace_tail.h"

enum { SAME_NAME_MAX = 1000, ENTRIES_MAX = 100000, PROGRAM_SHOWN = 64 };

static int is_harmless(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-' || c == '+';
}

/* The last part of the path EXE[N], as a file name. */
static void program_name(const char *exe, size_t n, char *out)
{
    const char *slash = n ? memrchr(exe, '/', n) : NULL;
    const char *from = slash ? slash + 1 : exe;
    size_t length = n - (size_t)(from - exe), used = 0;
    for (; used < length && used < PROGRAM_SHOWN && from[used]; used++)
        out[used] = is_harmless((unsigned char)from[used]) ? from[used] : '_';
    out[used] = 0;
    if (out[0] == '.' || out[0] == '-')
        out[0] = '_';
}

static void program_find(struct serve_trace *t, const struct records_look *look)
{
    struct arena_process about;
    if (look && look->has_process)
        program_name((const char *)look->process.exe.at, look->process.exe.n, t->program);
    else if (t->arena_fd >= 0 && !arena_copy_process(t->arena_fd, &about, NULL))
        program_name(about.exe, strlen(about.exe), t->program);
    if (!t->program[0])
        strcpy(t->program, "process");
}

void serve_trace_describe(const struct serve_trace *t, struct serve_process *out)
{
    *out = (struct serve_process){
        .program = t->program[0] ? t->program : "process",
        .file = t->file,
        .pid = t->pid,
        .peer_pid = t->peer_pid,
        .outcome = t->outcome,
        .why = t->why,
        .frames_n = t->frames_n,
        .bytes = t->size,
        .dropped_n = t->dropped_n,
    };
}

/* ---- a file that an earlier collector began ---- */

static int is_ours(int fd, const struct serve_trace *t, struct trace_tail *tail)
{
    struct stat st;
    return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1 &&
           !trace_tail_read(fd, tail) && tail->frames_n && tail->pid == t->pid &&
           tail->start_real_ns == t->start_real_ns && !tail->has_end;
}

static int reopen(struct serve_trace *t, const char *name)
{
    struct trace_tail tail;
    int fd = openat(t->s->o.dir_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (!is_ours(fd, t, &tail) || (tail.cut && ftruncate(fd, (off_t)tail.cut_at))) {
        close(fd);
        return -1;
    }
    t->file_fd = fd;
    t->next_seq = tail.next_seq;
    t->size = (uint64_t)lseek(fd, 0, SEEK_END);
    snprintf(t->file, sizeof t->file, "%s", name);
    return 0;
}

/* Only names that hold the process id are looked into: few, in a directory of many. */
static int find_begun(struct serve_trace *t)
{
    char mark[2][24];
    struct dirent *e;
    int found = -1, fd = openat(t->s->o.dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return -1;
    snprintf(mark[0], sizeof mark[0], "-%u.", t->pid);
    snprintf(mark[1], sizeof mark[1], "-%u-", t->pid);
    for (int n = 0; found && n < ENTRIES_MAX && (e = readdir(dir)); n++)
        if (strstr(e->d_name, mark[0]) || strstr(e->d_name, mark[1]))
            found = reopen(t, e->d_name);
    closedir(dir);
    return found;
}

/* ---- a new file ---- */

static void wanted_name(struct serve_trace *t, char *out)
{
    struct serve_process p;
    serve_trace_describe(t, &p);
    if (!t->s->o.file_name || !t->s->o.file_name(t->s->o.ctx, &p, out))
        snprintf(out, SERVE_NAME_MAX, "%s-%u.mprof", p.program, p.pid);
}

/* The N-th choice: lua-7.mprof, lua-7-2.mprof, lua-7-3.mprof, as the shim names its files. */
static void numbered(const char *wanted, int n, char *out)
{
    const char *dot = strrchr(wanted, '.');
    size_t stem = dot ? (size_t)(dot - wanted) : strlen(wanted);
    if (n == 1)
        snprintf(out, SERVE_NAME_MAX, "%s", wanted);
    else
        snprintf(out, SERVE_NAME_MAX, "%.*s-%d%s", (int)stem, wanted, n, dot ? dot : "");
}

static int create(struct serve_trace *t)
{
    char wanted[SERVE_NAME_MAX];
    wanted_name(t, wanted);
    for (int n = 1; n <= SAME_NAME_MAX; n++) {
        numbered(wanted, n, t->file);
        t->file_fd = openat(t->s->o.dir_fd, t->file,
                            O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (t->file_fd >= 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    snprintf(t->why, sizeof t->why, "the trace file %s can not be made: %s", t->file,
             strerror(errno));
    if (!t->unwritable)
        serve_trouble(t->s, "%s", t->why);
    t->unwritable = 1;
    t->file[0] = 0;
    return -1;
}

int serve_file_open(struct serve_trace *t, uint32_t seq, const struct records_look *look)
{
    struct serve_process p;
    program_find(t, look);
    if ((seq == 0 || find_begun(t)) && create(t))
        return -1;
    serve_trace_describe(t, &p);
    if (t->s->o.came)
        t->s->o.came(t->s->o.ctx, &p);
    return 0;
}
