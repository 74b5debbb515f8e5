/* frame_writer: packs records into frames at the end of a trace file.
 *
 * Each frame goes out in one piece: where it can not be written whole the file is cut back to the
 * last whole frame.  Context: collector. */
#ifndef COLLECTOR_INGEST_FRAME_WRITER_H
#define COLLECTOR_INGEST_FRAME_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "collector/util/err.h"

struct frame_writer {
    int fd;            /* not owned; written at its end */
    uint32_t pid, seq; /* of the next frame */
    uint64_t start_real_ns;
    uint64_t end_ns; /* latest time that a record of a span, a sample or a milestone told */
    uint8_t *raw, *frame;
    size_t used; /* bytes of RAW */
    struct err *err;
};

/* ERR gets the reason when something could not be written; may be NULL. */
void frame_writer_init(struct frame_writer *w, int fd, struct err *err);
void frame_writer_release(struct frame_writer *w);

/* Adds an encoded record; a snapshot_emit (arena/snapshot.h).  Returns 0, or -1. */
int frame_writer_add(void *writer, const uint8_t *record, size_t n);

/* Writes what was added.  Returns 0, or -1. */
int frame_writer_flush(struct frame_writer *w);

/* Writes N bytes at offset AT of FD, or nothing: a part that was written is cut off again.
 * Returns 0, or -1 with errno. */
int frame_writer_put(int fd, uint64_t at, const void *bytes, size_t n);

#endif
