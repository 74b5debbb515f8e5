/* records_look: what a receiver must know of a frame's records without building a model: whose they
 * are, and whether they end the trace.
 *
 * Context: collector. */
#ifndef COLLECTOR_INGEST_RECORDS_LOOK_H
#define COLLECTOR_INGEST_RECORDS_LOOK_H

#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"
#include "wire/record.h"

struct records_look {
    int has_process;
    int has_end;
    struct rec_process process; /* bytes fields point into the records that were looked at */
};

/* Looks at N bytes of records at RAW.  Returns 0, or -1 where they are damaged. */
int records_look(const uint8_t *raw, size_t n, struct records_look *look);

/* Unpacks BODY (h->body_bytes of it, checksum already checked) to RAW, which has room for
 * FRAME_RAW_MAX.  ZSTD is a ZSTD_DCtx.  Returns 0, or -1 where it does not hold what H says. */
int records_unpack(void *zstd, const struct frame_header *h, const uint8_t *body, uint8_t *raw);

#endif
