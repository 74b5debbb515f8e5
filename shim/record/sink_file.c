/* sink_file: a trace file.  Which file: config.h states the rule.
 *
 * The file is only ever appended to.  A frame that does not fit on the disk is cut off again, so
 * that the file ends with a whole frame.
 *
 * Context: see sink.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "shim/kernel_filter.h"
#include "shim/record/config.h"
#include "shim/record/limits.h"
#include "shim/record/process_info.h"
#include "shim/record/record_api.h"
#include "shim/record/sink.h"
#include "shim/record/trace_name.h"
#include "shim/record/verbose.h"
#include "wire/frame.h"

enum { SLOW_NS = 50 * 1000 * 1000, SUFFIXES_MAX = 100 };
enum { OPEN_FLAGS = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

static struct sink_fd file = {-1, 0, 0};
static int slow; /* a write took so long that the host felt it */

/* ---- choosing a file ---- */

/* Against a second process that opens the same file at the same moment.  Of the open file, not
 * of the process: the host's own locks and closes do not touch it, and nobody else's flock sees
 * it. */
static int lock(int fd)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &l) < 0 && (errno == EAGAIN || errno == EACCES) ? -1 : 0;
}

static int create(const char *path)
{
    int fd = open(path, OPEN_FLAGS | O_CREAT | O_EXCL, 0600);
    if (fd >= 0 && lock(fd)) {
        close(fd);
        fd = -1;
        errno = EEXIST;
    }
    return fd;
}

static uint64_t modified_ns(const struct stat *st)
{
    return (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
}

/* 1 where the process that wrote it still runs (or was this one, before an exec): it was then
 * there when the file was last written. */
static int is_in_use(const struct frame_header *h, const struct stat *st)
{
    const uint64_t slack_ns = 20 * 1000 * 1000; /* of the kernel's clocks */
    uint64_t start = process_info_start_of(h->pid);
    return start && start <= modified_ns(st) + slack_ns;
}

/* 1 where the file may be replaced: an old trace of this user's, or empty. */
static int is_replaceable(int fd)
{
    struct stat st;
    struct frame_header h;
    uint8_t head[FRAME_HEADER_BYTES];
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
        return 0;
    if (lock(fd))
        return 0;
    if (st.st_size == 0)
        return 1;
    return pread(fd, head, sizeof head, 0) == sizeof head &&
           frame_header_get(&h, head, sizeof head) == FRAME_OK && !is_in_use(&h, &st);
}

static int replace(const char *path)
{
    int fd = open(path, OPEN_FLAGS);
    if (fd < 0)
        return -1;
    if (is_replaceable(fd) && ftruncate(fd, 0) == 0)
        return fd;
    close(fd);
    errno = EEXIST;
    return -1;
}

static int take(int fd, const char *path)
{
    if (fd < 0)
        return -1;
    file = sink_fd_take(fd);
    if (path != arena->process.trace_path)
        strcpy(arena->process.trace_path, path);
    return file.fd >= 0 ? 0 : -1;
}

/* NAME is taken: adds to it.  PID 0: only numbers. */
static int open_suffixed(const char *name, uint64_t pid)
{
    static SHIM_TABLE char path[ARENA_PATH_MAX];
    char suffix[48];
    for (unsigned n = pid ? 1 : 2; n < SUFFIXES_MAX; n++) {
        trace_name_suffix(suffix, sizeof suffix, pid, n);
        if (trace_name_suffixed(path, sizeof path, name, suffix))
            return -1;
        int fd = create(path);
        if (fd >= 0)
            return take(fd, path);
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

static int is_regular(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int open_told(void)
{
    char *path = arena->process.trace_path;
    uint64_t pid = arena->process.pid;
    if (trace_name_told(path, ARENA_PATH_MAX, config.out, pid))
        return -1;
    int fd = create(path);
    if (fd < 0 && errno == EEXIST)
        fd = replace(path);
    if (fd >= 0)
        return take(fd, path);
    /* Beside a device, a directory or a link nothing is made either. */
    return errno == EEXIST && is_regular(path) ? open_suffixed(path, pid) : -1;
}

static int open_default(const char *dir)
{
    char *path = arena->process.trace_path;
    if (!dir[0] ||
        trace_name_default(path, ARENA_PATH_MAX, dir, arena->process.exe, arena->process.pid))
        return -1;
    int fd = create(path);
    if (fd >= 0)
        return take(fd, path);
    return errno == EEXIST ? open_suffixed(path, 0) : -1;
}

static int open_somewhere(void)
{
    if (config.out[0] ? open_told() == 0 : open_default(config.cwd) == 0)
        return 0;
    if (config.out[0])
        VERBOSE("the trace can not be written to ", config.out);
    return open_default(config.tmp_dir) && open_default("/tmp") ? -1 : 0;
}

static void file_open(int arena_fd)
{
    (void)arena_fd;
    slow = 0;
    if (open_somewhere()) {
        arena->process.trace_path[0] = 0;
        VERBOSE("no place for a trace was found");
    } else {
        VERBOSE("the trace goes to ", arena->process.trace_path);
    }
}

/* ---- writing ---- */

/* The descriptor was closed, by the host or by `lend`.  Only the very same file is opened again, and never made. */
static void reopen(void)
{
    struct stat st;
    int fd = open(arena->process.trace_path, OPEN_FLAGS);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_dev == file.dev && st.st_ino == file.ino) {
        lock(fd);
        file = sink_fd_take(fd);
    } else {
        close(fd);
    }
}

static int usable(struct stat *st)
{
    if (sink_fd_check(&file, st))
        return 1;
    if (!arena->process.trace_path[0] || file.ino == 0)
        return 0;
    reopen();
    return sink_fd_check(&file, st);
}

/* Beyond the limit the host would get SIGXFSZ. */
static int within_limit(off_t end)
{
    struct rlimit l;
    return getrlimit(RLIMIT_FSIZE, &l) || l.rlim_cur == RLIM_INFINITY ||
           (uint64_t)end <= (uint64_t)l.rlim_cur;
}

/* Where the host may have few descriptors it gets ours back between writes. */
static void lend(void)
{
    if (limits_few_descriptors())
        sink_fd_close(&file);
}

static int write_whole(const uint8_t *at, size_t n)
{
    while (n) {
        ssize_t done = write(file.fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

static int file_write(const uint8_t *frame, size_t n)
{
    struct stat st;
    if (!usable(&st) || !within_limit(st.st_size + (off_t)n))
        return -1;
    uint64_t begin = now_ns();
    int failed = write_whole(frame, n);
    /* Where cutting fails too, the file ends with a damaged frame: readers step over it. */
    if (failed && ftruncate(file.fd, st.st_size))
        failed = -1;
    if (now_ns() - begin > SLOW_NS)
        slow = 1;
    lend();
    return failed;
}

static int file_ready(int last)
{
    struct stat st;
    return (last || !slow) && usable(&st) && kernel_filter_permits_on(SYS_write, file.fd);
}

static int file_renewed(void)
{
    return 0;
}

static uint32_t file_lost_later(void)
{
    return 0;
}

static int file_flush(void)
{
    return 0;
}

/* Forgets which file it was: a fork's child must not open its parent's again. */
static void file_close(void)
{
    sink_fd_close(&file);
    file.ino = 0;
}

const struct sink_kind sink_file = {file_open,       file_ready, file_write, file_renewed,
                                    file_lost_later, file_flush, file_close};
