/* frame_stream: reads a stream of frames, one after another, and goes on behind what is damaged.
 *
 * In: bytes, from a file of any size or from memory.  Out: the records of each intact frame, and in
 * `quality` what was wrong.  Holds two buffers of about a MiB, whatever the size of the file. */
#ifndef COLLECTOR_INGEST_FRAME_STREAM_H
#define COLLECTOR_INGEST_FRAME_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collector/model/model.h"
#include "wire/frame.h"

/* Like read(2): up to N bytes to OUT; 0 at the end, -1 with errno. */
typedef ssize_t frame_stream_read(void *ctx, void *out, size_t n);

struct frame_stream {
    frame_stream_read *read;
    void *ctx;
    uint8_t *window; /* bytes [from, to) are read and not yet used */
    size_t from, to;
    uint64_t window_at;           /* offset in the file of window[0] */
    int ended;                    /* nothing more to read */
    int error;                    /* errno of a read that failed, 0 */
    void *zstd;                   /* decompression context */
    struct frame_header header;   /* of the frame that next returned */
    uint8_t *raw;                 /* its records */
    struct file_quality *quality; /* not owned */
};

void frame_stream_init(struct frame_stream *s, frame_stream_read *read, void *ctx,
                       struct file_quality *quality);
void frame_stream_release(struct frame_stream *s);

/* 1: s->header and s->raw (header.raw_bytes of it) hold the next intact frame; 0: the stream ended
 * (s->error says whether by a failed read). */
int frame_stream_next(struct frame_stream *s);

#endif
