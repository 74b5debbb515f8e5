/* framer: see framer.h.
 *
 * Records are gathered right behind room for a frame's header, so that a frame whose body is
 * stored needs no copy.  The compressor works in memory of its own, mapped when it is first used:
 * it never allocates, and programs that end soon never need it. */
#define ZSTD_STATIC_LINKING_ONLY
#include "shim/record/framer.h"

#include <string.h>
#include <sys/mman.h>
#include <zstd.h>

#include "shim/record/record_api.h"
#include "shim/record/sink.h"
#include "wire/frame.h"

enum { RAW_BYTES = 64 * 1024, LEVEL = 1, WINDOW_LOG = 16, HASH_LOG = 13 };
/* Up to here a body is stored as it is: compressing it costs more time (60 us, of which half are
 * page faults of the compressor's tables) than the few kilobytes are worth. */
enum { STORED_MAX = 8 * 1024 };

static uint8_t *gathering; /* header room, then records */
static size_t raw_n;
static uint8_t *frame, *workspace; /* one mapping: frame, the compressor's memory */
static size_t frame_cap, workspace_n, mapped_n;
static uint32_t lost;

static void *map(size_t n)
{
    void *p =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    mapped_n += n;
    return p;
}

int framer_start(void)
{
    if (!gathering)
        gathering = map(FRAME_HEADER_BYTES + RAW_BYTES);
    return gathering ? 0 : -1;
}

/* ---- compressing ---- */

static ZSTD_compressionParameters parameters(void)
{
    ZSTD_compressionParameters p = ZSTD_getCParams(LEVEL, RAW_BYTES, 0);
    p.windowLog = WINDOW_LOG;
    p.hashLog = HASH_LOG;
    return p;
}

/* Returns 0, or -1 where there is no memory: then bodies are stored. */
static int compressor_map(void)
{
    if (frame)
        return 0;
    frame_cap = FRAME_HEADER_BYTES + ZSTD_compressBound(RAW_BYTES);
    frame_cap = (frame_cap + 4095) & ~(size_t)4095;
    workspace_n = ZSTD_estimateCCtxSize_usingCParams(parameters());
    uint8_t *p = map(frame_cap + workspace_n);
    if (!p)
        return -1;
    workspace = p + frame_cap;
    frame = p;
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

/* Returns the size of the compressed body in FRAME, 0 where it is to be stored. */
static size_t compress(void)
{
    ZSTD_CCtx *c = raw_n > STORED_MAX && compressor_map() == 0 ? compressor() : NULL;
    if (!c)
        return 0;
    size_t n = ZSTD_compress2(c, frame + FRAME_HEADER_BYTES, frame_cap - FRAME_HEADER_BYTES,
                              gathering + FRAME_HEADER_BYTES, raw_n);
    return ZSTD_isError(n) ? 0 : n;
}

/* ---- frames ---- */

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
    uint8_t *out = body ? frame : gathering;
    struct frame_header h = {.pid = (uint32_t)arena->process.pid,
                             .seq = arena->frame_seq++,
                             .start_real_ns = arena->process.start_real_ns,
                             .raw_bytes = (uint32_t)raw_n,
                             .body_bytes = (uint32_t)(body ? body : raw_n),
                             .flags = body ? 0 : FRAME_STORED};
    frame_header_put(&h, out + FRAME_HEADER_BYTES, out);
    raw_n = 0;
    size_t n = FRAME_HEADER_BYTES + h.body_bytes;
    if (sink_write(out, n))
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
    memcpy(gathering + FRAME_HEADER_BYTES + raw_n, record, n);
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
