/* framer: see framer.h.
 *
 * The compressor works in memory of its own, mapped once: it never allocates. */
#define ZSTD_STATIC_LINKING_ONLY
#include "shim/record/framer.h"

#include <string.h>
#include <sys/mman.h>
#include <zstd.h>

#include "shim/record/record_api.h"
#include "shim/record/sink.h"
#include "wire/frame.h"

enum { RAW_BYTES = 128 * 1024, LEVEL = 1, WINDOW_LOG = 17, HASH_LOG = 13 };

/* One mapping: records, frame, the compressor's memory. */
static uint8_t *raw, *frame, *workspace;
static size_t raw_n, frame_cap, workspace_n, mapped_n;
static uint32_t lost;

static ZSTD_compressionParameters parameters(void)
{
    ZSTD_compressionParameters p = ZSTD_getCParams(LEVEL, RAW_BYTES, 0);
    p.windowLog = WINDOW_LOG;
    p.hashLog = HASH_LOG;
    return p;
}

int framer_start(void)
{
    if (raw)
        return 0;
    frame_cap = FRAME_HEADER_BYTES + ZSTD_compressBound(RAW_BYTES);
    frame_cap = (frame_cap + 4095) & ~(size_t)4095;
    workspace_n = ZSTD_estimateCCtxSize_usingCParams(parameters());
    mapped_n = RAW_BYTES + frame_cap + workspace_n;
    void *p = mmap(NULL, mapped_n, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        mapped_n = 0;
        return -1;
    }
    raw = p;
    frame = raw + RAW_BYTES;
    workspace = frame + frame_cap;
    return 0;
}

static ZSTD_CCtx *compressor(void)
{
    ZSTD_CCtx *c = ZSTD_initStaticCCtx(workspace, workspace_n);
    ZSTD_compressionParameters p = parameters();
    const struct {
        ZSTD_cParameter name;
        unsigned value;
    } set[] = {{ZSTD_c_windowLog, p.windowLog},        {ZSTD_c_hashLog, p.hashLog},
               {ZSTD_c_chainLog, p.chainLog},          {ZSTD_c_searchLog, p.searchLog},
               {ZSTD_c_minMatch, p.minMatch},          {ZSTD_c_targetLength, p.targetLength},
               {ZSTD_c_strategy, (unsigned)p.strategy}};
    for (size_t i = 0; c && i < sizeof set / sizeof *set; i++)
        if (ZSTD_isError(ZSTD_CCtx_setParameter(c, set[i].name, (int)set[i].value)))
            return NULL;
    return c;
}

/* Returns the size of the compressed body, 0 where it could not be compressed. */
static size_t compress(void)
{
    ZSTD_CCtx *c = compressor();
    if (!c)
        return 0;
    size_t n =
        ZSTD_compress2(c, frame + FRAME_HEADER_BYTES, frame_cap - FRAME_HEADER_BYTES, raw, raw_n);
    return ZSTD_isError(n) ? 0 : n;
}

static void count_lost(void)
{
    lost++;
    loss_count(LOSS_SINK, 1);
}

void framer_flush(void)
{
    if (!raw_n)
        return;
    size_t body = compress();
    struct frame_header h = {.pid = (uint32_t)arena->process.pid,
                             .seq = arena->frame_seq++,
                             .start_real_ns = arena->process.start_real_ns,
                             .raw_bytes = (uint32_t)raw_n,
                             .body_bytes = (uint32_t)(body ? body : raw_n),
                             .flags = body ? 0 : FRAME_STORED};
    if (!body)
        memcpy(frame + FRAME_HEADER_BYTES, raw, raw_n);
    frame_header_put(&h, frame + FRAME_HEADER_BYTES, frame);
    raw_n = 0;
    size_t n = FRAME_HEADER_BYTES + h.body_bytes;
    if (sink_write(frame, n))
        count_lost();
    else
        arena->written_bytes += n;
}

int framer_add(void *ctx, const uint8_t *record, size_t n)
{
    (void)ctx;
    if (n > RAW_BYTES - raw_n)
        framer_flush();
    if (n > RAW_BYTES) {
        count_lost();
        return 0;
    }
    memcpy(raw + raw_n, record, n);
    raw_n += n;
    return 0;
}

void framer_reset(void)
{
    raw_n = 0;
    lost = 0;
}

uint32_t framer_lost(void)
{
    for (uint32_t later = sink_lost_later(); later; later--)
        count_lost();
    uint32_t n = lost;
    lost = 0;
    return n;
}

size_t framer_bytes(void)
{
    return mapped_n;
}
