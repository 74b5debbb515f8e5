/* frame_stream: a window slides over the stream; what is in it is a frame, or damage up to the next
 * magic.  See frame_stream.h. */
#include "collector/ingest/frame_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "collector/util/xalloc.h"

enum { WINDOW_BYTES = FRAME_HEADER_BYTES + FRAME_RAW_MAX + FRAME_RAW_MAX / 4, MAGIC_BYTES = 4 };

static const char hello[] = "MODPROF/"; /* how a transport begins; see docs/FORMAT.md */

void frame_stream_init(struct frame_stream *s, frame_stream_read *read, void *ctx,
                       struct file_quality *quality)
{
    memset(s, 0, sizeof *s);
    s->read = read;
    s->ctx = ctx;
    s->quality = quality;
    s->window = xmalloc(WINDOW_BYTES);
    s->raw = xmalloc(FRAME_RAW_MAX);
    s->zstd = ZSTD_createDCtx();
}

void frame_stream_release(struct frame_stream *s)
{
    ZSTD_freeDCtx(s->zstd);
    free(s->window);
    free(s->raw);
    memset(s, 0, sizeof *s);
}

static uint64_t offset(const struct frame_stream *s)
{
    return s->window_at + s->from;
}

static size_t unused(const struct frame_stream *s)
{
    return s->to - s->from;
}

static void slide(struct frame_stream *s)
{
    memmove(s->window, s->window + s->from, unused(s));
    s->window_at += s->from;
    s->to -= s->from;
    s->from = 0;
}

/* Reads until WANT bytes are there, or the stream has ended.  Returns 1 where they are. */
static int fill(struct frame_stream *s, size_t want)
{
    if (s->from + want > WINDOW_BYTES)
        slide(s);
    while (unused(s) < want && !s->ended) {
        ssize_t n = s->read(s->ctx, s->window + s->to, WINDOW_BYTES - s->to);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            s->error = n < 0 ? errno : 0;
            s->ended = 1;
            break;
        }
        s->to += (size_t)n;
        s->quality->bytes += (uint64_t)n;
    }
    return unused(s) >= want;
}

static void damage_note(struct frame_stream *s, uint64_t from, uint64_t to)
{
    struct file_quality *q = s->quality;
    struct damage *last =
        q->damage_n && q->damage_n <= DAMAGE_MAX ? &q->damage[q->damage_n - 1] : NULL;
    if (last && last->to == from) {
        last->to = to;
        return;
    }
    if (q->damage_n < DAMAGE_MAX)
        q->damage[q->damage_n] = (struct damage){from, to};
    q->damage_n++;
}

/* Moves to the next magic behind the current byte, or to the end. Returns 1 where there is one. */
static int resync(struct frame_stream *s)
{
    s->from++;
    while (fill(s, MAGIC_BYTES)) {
        const uint8_t *end = s->window + s->to;
        const uint8_t *at = frame_resync(s->window + s->from, end);
        s->from = (size_t)(at - s->window);
        if (unused(s) >= MAGIC_BYTES)
            return 1;
        if (unused(s) == 0) /* the magic may lie across the border of what was read */
            s->from -= MAGIC_BYTES - 1;
        if (s->ended)
            break;
    }
    s->from = s->to;
    return 0;
}

static void skip_damage(struct frame_stream *s)
{
    uint64_t from = offset(s);
    resync(s);
    damage_note(s, from, offset(s));
}

/* The stream ends before the frame that seems to begin here does: it was cut off, unless another
 * frame follows, in which case it was the header that lied. */
static void skip_short(struct frame_stream *s)
{
    uint64_t from = offset(s);
    if (resync(s)) {
        damage_note(s, from, offset(s));
        return;
    }
    s->quality->truncated = 1;
    s->quality->truncated_at = from;
}

static int unpack(struct frame_stream *s, const uint8_t *body)
{
    const struct frame_header *h = &s->header;
    if (h->flags & FRAME_STORED) {
        if (h->body_bytes != h->raw_bytes)
            return -1;
        memcpy(s->raw, body, h->raw_bytes);
        return 0;
    }
    size_t n = ZSTD_decompressDCtx(s->zstd, s->raw, FRAME_RAW_MAX, body, h->body_bytes);
    return ZSTD_isError(n) || n != h->raw_bytes ? -1 : 0;
}

static int begins_like_a_frame(const struct frame_stream *s)
{
    size_t n = unused(s) < MAGIC_BYTES ? unused(s) : MAGIC_BYTES;
    return memcmp(s->window + s->from, "MPRF", n) == 0;
}

/* Looks at what stands at the window's start.  1: a frame was taken; 0: something was skipped. */
static int take(struct frame_stream *s)
{
    fill(s, FRAME_HEADER_BYTES);
    memset(&s->header, 0, sizeof s->header);
    enum frame_result r = frame_header_get(&s->header, s->window + s->from, unused(s));
    size_t whole = FRAME_HEADER_BYTES + (size_t)s->header.body_bytes;
    if (r == FRAME_OK && (whole > WINDOW_BYTES || s->header.raw_bytes > FRAME_RAW_MAX))
        r = FRAME_DAMAGED;
    if (r == FRAME_SHORT && !begins_like_a_frame(s))
        r = FRAME_DAMAGED;
    if (r == FRAME_OK && !fill(s, whole))
        r = FRAME_SHORT;
    const uint8_t *at = s->window + s->from;
    if (r == FRAME_VERSION_NEW) {
        s->quality->newer_n++;
        s->quality->newer_version = s->header.version;
        resync(s);
        return 0;
    }
    if (r == FRAME_SHORT) {
        skip_short(s);
        return 0;
    }
    if (r != FRAME_OK || frame_check(&s->header, at) != FRAME_OK ||
        unpack(s, at + FRAME_HEADER_BYTES)) {
        skip_damage(s);
        return 0;
    }
    s->from += whole;
    s->quality->frames_n++;
    return 1;
}

/* A stream saved as it came over a socket begins with the transport's line. */
static void skip_hello(struct frame_stream *s)
{
    size_t n = sizeof hello - 1;
    if (offset(s) || !fill(s, n) || memcmp(s->window, hello, n))
        return;
    fill(s, 4096);
    const uint8_t *eol = memchr(s->window, '\n', s->to);
    if (eol)
        s->from = (size_t)(eol + 1 - s->window);
}

int frame_stream_next(struct frame_stream *s)
{
    skip_hello(s);
    while (fill(s, 1))
        if (take(s))
            return 1;
    return 0;
}
