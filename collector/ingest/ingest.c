/* ingest: see ingest.h. */
#include "collector/ingest/ingest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/ingest/apply.h"
#include "collector/ingest/frame_stream.h"
#include "collector/ingest/recover.h"
#include "collector/util/xalloc.h"

static void gaps_note(struct process *p, uint32_t seq)
{
    if (seq > p->gaps.next_seq)
        p->gaps.missing_n += seq - p->gaps.next_seq;
    if (seq >= p->gaps.next_seq)
        p->gaps.next_seq = seq + 1;
}

static void read_frames(struct model *m, struct frame_stream *s)
{
    while (frame_stream_next(s)) {
        const struct frame_header *h = &s->header;
        struct process *p = model_process(m, h->pid, h->start_real_ns);
        gaps_note(p, h->seq);
        p->frames_n++;
        apply_records(p, s->raw, h->raw_bytes);
    }
}

/* Nothing could be read: why. */
static int nothing(const struct model *m, struct err *err)
{
    const struct file_quality *q = &m->quality;
    if (!q->bytes)
        return err_set(err, "%s: the file is empty: no trace was written to it (yet)", m->path);
    if (q->newer_n)
        return err_set(err,
                       "%s: trace format %u is newer than this modprof reads (%d): use the "
                       "modprof that wrote it, or a later one",
                       m->path, q->newer_version, FRAME_VERSION);
    if (q->truncated)
        return err_set(err,
                       "%s: cut off after %" PRIu64 " bytes, within the first frame: nothing "
                       "of the trace is left to report",
                       m->path, q->bytes);
    return err_set(err, "%s: not a modprof trace (no intact frame in %" PRIu64 " bytes)", m->path,
                   q->bytes);
}

static int read_stream(struct model *m, frame_stream_read *read, void *ctx, struct err *err)
{
    struct frame_stream s;
    frame_stream_init(&s, read, ctx, &m->quality);
    read_frames(m, &s);
    int error = s.error;
    frame_stream_release(&s);
    if (error && !m->process_n)
        return err_set(err, "%s: can not be read: %s", m->path, strerror(error));
    if (error && !m->quality.truncated) {
        m->quality.truncated = 1;
        m->quality.truncated_at = m->quality.bytes;
    }
    return m->process_n ? 0 : nothing(m, err);
}

static ssize_t read_fd(void *ctx, void *out, size_t n)
{
    return read(*(int *)ctx, out, n);
}

static int file_read(const char *path, const struct sample_window *w, struct model *m,
                     struct err *err)
{
    struct stat st;
    model_init(m, path);
    m->window = *w;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(err, "%s: can not be opened: %s", path, strerror(errno));
    int r = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)
                ? err_set(err, "%s: is a directory, not a trace", path)
                : read_stream(m, read_fd, &fd, err);
    close(fd);
    return r;
}

static const struct sample_window all_samples;

int ingest_file(const char *path, struct model *m, struct err *err)
{
    return file_read(path, &all_samples, m, err);
}

struct memory {
    const uint8_t *at;
    size_t n;
};

static ssize_t read_memory(void *ctx, void *out, size_t n)
{
    struct memory *left = ctx;
    if (n > left->n)
        n = left->n;
    if (n)
        memcpy(out, left->at, n);
    left->at += n;
    left->n -= n;
    return (ssize_t)n;
}

int ingest_bytes(const char *name, const void *at, size_t n, struct model *m, struct err *err)
{
    struct memory left = {at, n};
    model_init(m, name);
    return read_stream(m, read_memory, &left, err);
}

/* Tries to complete the trace for one process; notes whether that still runs.  1: the file has
 * changed. */
static int complete(struct model *m, struct process *p)
{
    struct err e = {""};
    if (p->end_seen || !p->about_seen || !p->about.arena_path.n)
        return 0;
    char *arena = xstrndup((const char *)p->about.arena_path.at, p->about.arena_path.n);
    enum recover_result r = recover_trace_file(m->path, arena, p->pid, &e);
    if (r == RECOVER_FAILED && !m->quality.recover_error)
        m->quality.recover_error = xstrdup(e.text);
    p->running = r == RECOVER_RUNNING;
    free(arena);
    return r == RECOVER_APPENDED;
}

static int complete_all(struct model *m)
{
    int changed = 0;
    for (size_t i = 0; i < m->process_n; i++)
        changed |= complete(m, m->process[i]);
    return changed;
}

int ingest_file_completing(const char *path, struct model *m, struct err *err)
{
    return ingest_file_window(path, &all_samples, m, err);
}

int ingest_file_window(const char *path, const struct sample_window *w, struct model *m,
                       struct err *err)
{
    if (file_read(path, w, m, err))
        return -1;
    if (!complete_all(m))
        return 0;
    model_release(m);
    if (file_read(path, w, m, err))
        return -1;
    m->quality.recovered = 1;
    complete_all(m); /* for those that still run */
    return 0;
}
