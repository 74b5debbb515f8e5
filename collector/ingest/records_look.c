/* records_look: see records_look.h. */
#include "collector/ingest/records_look.h"

#include <string.h>
#include <zstd.h>

int records_look(const uint8_t *raw, size_t n, struct records_look *look)
{
    const uint8_t *at = raw, *payload;
    uint64_t kind;
    size_t length;
    int got;
    memset(look, 0, sizeof *look);
    while ((got = record_next(&at, raw + n, &kind, &payload, &length)) > 0) {
        if (kind == REC_process && !look->has_process)
            look->has_process = rec_process_decode(&look->process, payload, length) == 0;
        if (kind == REC_end)
            look->has_end = 1;
    }
    return got;
}

int records_unpack(void *zstd, const struct frame_header *h, const uint8_t *body, uint8_t *raw)
{
    if (h->raw_bytes > FRAME_RAW_MAX)
        return -1;
    if (h->flags & FRAME_STORED) {
        if (h->body_bytes != h->raw_bytes)
            return -1;
        memcpy(raw, body, h->raw_bytes);
        return 0;
    }
    size_t n = ZSTD_decompressDCtx(zstd, raw, FRAME_RAW_MAX, body, h->body_bytes);
    return ZSTD_isError(n) || n != h->raw_bytes ? -1 : 0;
}
