/* trace_tail: see trace_tail.h. */
#include "collector/ingest/trace_tail.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/ingest/frame_stream.h"
#include "collector/ingest/records_look.h"

int trace_begins(int fd)
{
    static const char magic[] = {'M', 'P', 'R', 'F'}; /* wire/frame.h */
    struct stat st;
    char first[sizeof magic];
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           pread(fd, first, sizeof first, 0) == (ssize_t)sizeof first &&
           !memcmp(first, magic, sizeof magic);
}

struct source {
    int fd;
    off_t at;
};

static ssize_t source_read(void *ctx, void *out, size_t n)
{
    struct source *s = ctx;
    ssize_t got = pread(s->fd, out, n, s->at);
    if (got > 0)
        s->at += got;
    return got;
}

static void note(struct trace_tail *t, const struct frame_header *h, const uint8_t *raw)
{
    struct records_look look;
    if (!t->frames_n++) {
        t->pid = h->pid;
        t->start_real_ns = h->start_real_ns;
    }
    if (h->pid != t->pid || h->start_real_ns != t->start_real_ns)
        return;
    if (h->seq >= t->next_seq)
        t->next_seq = h->seq + 1;
    records_look(raw, h->raw_bytes, &look);
    t->has_process |= look.has_process;
    t->has_end = look.has_end;
}

int trace_tail_read(int fd, struct trace_tail *t)
{
    struct source source = {fd, 0};
    struct file_quality quality;
    struct frame_stream stream;
    memset(t, 0, sizeof *t);
    memset(&quality, 0, sizeof quality);
    frame_stream_init(&stream, source_read, &source, &quality);
    while (frame_stream_next(&stream))
        note(t, &stream.header, stream.raw);
    t->cut = quality.truncated;
    t->cut_at = quality.truncated_at;
    errno = stream.error;
    frame_stream_release(&stream);
    return errno ? -1 : 0;
}
