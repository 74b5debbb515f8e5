/* recover: the last snapshot of a process that is gone, taken in its stead.  See recover.h.
 *
 * In: the arena, of which nothing is believed, and the trace so far.  Out: frames behind it, the
 * last of which ends the trace.  What the trace may have lost with a frame that was never written
 * (strings, functions, objects) is written once more; readers take the newest. */
#include "collector/ingest/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena/snapshot.h"
#include "collector/ingest/arena_copy.h"
#include "collector/ingest/frame_writer.h"
#include "collector/ingest/trace_tail.h"
#include "wire/record.h"

enum { STATUS_UNKNOWN = 256 };

/* What is known of the end. */
struct ending {
    int running;     /* 1: it has not ended */
    int status;      /* exit status, 128+n for signal n; -1: unknown */
    uint64_t end_ns; /* on the monotonic clock; 0: not before the last thing that was recorded */
};

/* A status below 128 is no signal: it ended where the shim could not see it, as in daemon(). */
static enum end_reason reason(const struct arena *a, const struct ending *e)
{
    if (atomic_load(&a->ended))
        return END_EXIT;
    return e->status >= 0 && e->status < 128 ? END_QUICK_EXIT : END_KILLED;
}

static int end_add(struct frame_writer *w, const struct arena *a, const struct ending *e)
{
    uint8_t bytes[128];
    uint32_t ended = atomic_load(&a->ended);
    int status = ended >= 2 ? (int)(ended - 2) : e->status;
    struct rec_end end = {.reason = reason(a, e),
                          .end_ns = e->end_ns ? e->end_ns : w->end_ns,
                          .status = status < 0 ? STATUS_UNKNOWN : (uint64_t)status,
                          .end_unseen = !e->end_ns};
    return frame_writer_add(w, bytes, rec_end_encode(&end, bytes, sizeof bytes));
}

/* Takes the last snapshot of A (a private copy) to the end of the trace in OUT_FD. */
static int append(struct arena *a, const struct trace_tail *tail, int out_fd,
                  const struct ending *ending, struct err *err)
{
    static const struct snapshot_options last = {.final = 1};
    struct frame_writer w;
    frame_writer_init(&w, out_fd, err);
    w.pid = tail->frames_n ? tail->pid : (uint32_t)a->process.pid;
    w.start_real_ns = tail->frames_n ? tail->start_real_ns : a->process.start_real_ns;
    w.seq = tail->next_seq > a->frame_seq ? tail->next_seq : a->frame_seq;
    if (!ending->running && atomic_load(&a->drain_lock) && tail->next_seq <= a->frame_seq)
        /* it died writing that frame */
        atomic_fetch_add(&a->losses[LOSS_SINK], 1);
    snapshot_redefine(a);
    int failed = snapshot_take(a, &last, frame_writer_add, &w) ||
                 (!ending->running && end_add(&w, a, ending)) || frame_writer_flush(&w);
    frame_writer_release(&w);
    return failed ? -1 : 0;
}

/* Cuts off the frame that a dying process, or a full disk, left half written. */
static int cut(int out_fd, const struct trace_tail *tail, struct err *err)
{
    if (!tail->cut || !ftruncate(out_fd, (off_t)tail->cut_at))
        return 0;
    return err_set(err, "the trace could not be cut back to its last whole frame: %s",
                   strerror(errno));
}

static int complete(int fd, const struct trace_tail *tail, int out_fd, const struct ending *ending,
                    struct err *err)
{
    struct arena *a = arena_copy_new(fd, err);
    if (!a)
        return -1;
    int failed = cut(out_fd, tail, err) || append(a, tail, out_fd, ending, err);
    arena_copy_free(a);
    return failed ? -1 : 0;
}

int recover_from_fd(int fd, int out_fd, int status, struct err *err)
{
    struct trace_tail tail;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* the caller saw it end just now */
    struct ending ending = {0, status, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec};
    if (trace_tail_read(out_fd, &tail))
        memset(&tail, 0, sizeof tail); /* not readable: just append */
    return complete(fd, &tail, out_fd, &ending, err);
}

int recover_so_far(int fd, int out_fd, struct err *err)
{
    static const struct ending running = {1, -1, 0};
    struct trace_tail tail;
    if (trace_tail_read(out_fd, &tail))
        return err_set(err, "the trace can not be read: %s", strerror(errno));
    return complete(fd, &tail, out_fd, &running, err);
}

/* ---- a trace file and the arena file it names ---- */

static const char arena_prefix[] = "/dev/shm/modprof.";

/* The trace may come from anywhere: only a name that the shim would have chosen is opened. */
static int arena_open(const char *path, uid_t owner)
{
    struct stat st;
    if (strncmp(path, arena_prefix, sizeof arena_prefix - 1) ||
        strchr(path + sizeof arena_prefix - 1, '/'))
        return -1;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == owner &&
        (owner == geteuid() || geteuid() == 0))
        return fd;
    close(fd);
    return -1;
}

/* Start of process PID in clock ticks since boot, 0 where there is no such process (any more). A
 * zombie is gone, unless other threads of it still run. */
static unsigned long long start_ticks(unsigned pid)
{
    char path[64], line[1024];
    unsigned long long ticks = 0;
    long threads = 0;
    char state = 0;
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = 0;
    const char *behind_name = strrchr(line, ')');
    if (!behind_name || sscanf(behind_name + 1,
                               " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                               "%*d %ld %*d %llu",
                               &state, &threads, &ticks) != 3)
        return 0;
    return (state == 'Z' || state == 'X') && threads <= 1 ? 0 : ticks;
}

/* The arena's name ends with the start of its process in ticks: it tells a later process with the
 * same id apart. */
static int still_runs(const char *arena_path, unsigned pid)
{
    unsigned long long now = start_ticks(pid);
    const char *dot = strrchr(arena_path, '.');
    return now && (!dot || strtoull(dot + 1, NULL, 10) == now);
}

static enum recover_result complete_file(int out_fd, const char *arena_path, unsigned pid,
                                         struct err *err)
{
    static const struct ending unknown = {0, -1, 0};
    struct trace_tail tail;
    struct arena_process about;
    struct stat st;
    enum recover_result result = RECOVER_NOTHING;
    if (fstat(out_fd, &st) || !S_ISREG(st.st_mode) || trace_tail_read(out_fd, &tail) ||
        tail.has_end || !tail.frames_n)
        return RECOVER_NOTHING;
    int fd = arena_open(arena_path, st.st_uid);
    if (fd < 0)
        return RECOVER_NOTHING;
    if (arena_copy_process(fd, &about, err))
        result = RECOVER_FAILED;
    else if (about.pid != pid || tail.pid != pid || about.start_real_ns != tail.start_real_ns)
        result = RECOVER_NOTHING;
    else if (still_runs(arena_path, pid))
        result = RECOVER_RUNNING;
    else
        result = complete(fd, &tail, out_fd, &unknown, err) ? RECOVER_FAILED : RECOVER_APPENDED;
    close(fd);
    if (result == RECOVER_APPENDED)
        unlink(arena_path);
    return result;
}

/* Whoever else completes this trace just now has finished when the lock is ours. */
static int lock(int fd)
{
    enum { TRIES = 40, PAUSE_US = 50 * 1000 };
    for (int i = 0; i < TRIES; i++) {
        if (!flock(fd, LOCK_EX | LOCK_NB))
            return 0;
        usleep(PAUSE_US);
    }
    return -1;
}

enum recover_result recover_trace_file(const char *trace_path, const char *arena_path, unsigned pid,
                                       struct err *err)
{
    int out_fd = open(trace_path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (out_fd < 0) {
        if (errno == ENOENT || errno == ELOOP)
            return RECOVER_NOTHING;
        err_set(err, "it can not be completed from shared memory: %s", strerror(errno));
        return RECOVER_FAILED;
    }
    enum recover_result result = RECOVER_RUNNING;
    if (!lock(out_fd))
        result = complete_file(out_fd, arena_path, pid, err);
    close(out_fd);
    return result;
}
