/* frame_writer: see frame_writer.h. */
#include "collector/ingest/frame_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "collector/util/xalloc.h"
#include "wire/frame.h"
#include "wire/record.h"

enum { LEVEL = 3, BODY_CAP = FRAME_RAW_MAX + FRAME_RAW_MAX / 8 };

void frame_writer_init(struct frame_writer *w, int fd, struct err *err)
{
    memset(w, 0, sizeof *w);
    w->fd = fd;
    w->err = err;
    w->raw = xmalloc(FRAME_RAW_MAX);
    w->frame = xmalloc(FRAME_HEADER_BYTES + BODY_CAP);
}

void frame_writer_release(struct frame_writer *w)
{
    free(w->raw);
    free(w->frame);
    w->raw = w->frame = NULL;
}

int frame_writer_put(int fd, uint64_t at, const void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pwrite(fd, (const char *)bytes + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            int why = got < 0 ? errno : ENOSPC;
            /* Where even this fails, readers take the piece for a frame that was cut off. */
            if (ftruncate(fd, (off_t)at))
                why = errno;
            errno = why;
            return -1;
        }
        done += (size_t)got;
    }
    return 0;
}

/* The body behind the header: compressed, or stored where that is smaller. Returns its size. */
static size_t pack(struct frame_writer *w, struct frame_header *h)
{
    uint8_t *body = w->frame + FRAME_HEADER_BYTES;
    size_t n = ZSTD_compress(body, BODY_CAP, w->raw, w->used, LEVEL);
    if (!ZSTD_isError(n) && n < w->used)
        return n;
    memcpy(body, w->raw, w->used);
    h->flags = FRAME_STORED;
    return w->used;
}

int frame_writer_flush(struct frame_writer *w)
{
    struct frame_header h = {.pid = w->pid, .seq = w->seq, .start_real_ns = w->start_real_ns};
    if (!w->used)
        return 0;
    h.raw_bytes = (uint32_t)w->used;
    h.body_bytes = (uint32_t)pack(w, &h);
    frame_header_put(&h, w->frame + FRAME_HEADER_BYTES, w->frame);
    off_t at = lseek(w->fd, 0, SEEK_END);
    if (at < 0 ||
        frame_writer_put(w->fd, (uint64_t)at, w->frame, FRAME_HEADER_BYTES + h.body_bytes))
        return err_set(w->err, "what was left in shared memory could not be written: %s",
                       strerror(errno));
    w->seq++;
    w->used = 0;
    return 0;
}

static void note_time(struct frame_writer *w, const uint8_t *record, size_t n)
{
    struct rec_span_begin begin;
    struct rec_span_end end;
    struct rec_milestone milestone;
    uint64_t kind, at = 0;
    const uint8_t *payload;
    size_t length;
    if (record_next(&record, record + n, &kind, &payload, &length) <= 0)
        return;
    if (kind == REC_span_begin && !rec_span_begin_decode(&begin, payload, length))
        at = begin.begin_ns;
    else if (kind == REC_span_end && !rec_span_end_decode(&end, payload, length))
        at = end.end_ns;
    else if (kind == REC_milestone && !rec_milestone_decode(&milestone, payload, length))
        at = milestone.at_ns;
    if (at > w->end_ns)
        w->end_ns = at;
}

int frame_writer_add(void *writer, const uint8_t *record, size_t n)
{
    struct frame_writer *w = writer;
    if (n > FRAME_RAW_MAX)
        return 0; /* no record is that large: the arena is damaged */
    if (w->used + n > FRAME_RAW_MAX && frame_writer_flush(w))
        return -1;
    memcpy(w->raw + w->used, record, n);
    w->used += n;
    note_time(w, record, n);
    return 0;
}
