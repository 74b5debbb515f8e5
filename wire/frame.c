/* frame: headers and checksums of frames.  See frame.h. */
#define XXH_INLINE_ALL
#include "wire/frame.h"

#include <string.h>
#include <xxhash.h>

static const uint8_t magic[4] = {'M', 'P', 'R', 'F'};

enum { CHECKSUM_AT = 40 };

static void put_le(uint8_t *out, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_le(const uint8_t *in, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v |= (uint64_t)in[i] << (8 * i);
    return v;
}

static uint64_t checksum(const uint8_t *header, const uint8_t *body, size_t n)
{
    XXH64_state_t s;
    XXH64_reset(&s, 0);
    XXH64_update(&s, header, CHECKSUM_AT);
    if (n)
        XXH64_update(&s, body, n);
    return XXH64_digest(&s);
}

void frame_header_put(struct frame_header *h, const uint8_t *body, uint8_t *out)
{
    h->version = FRAME_VERSION;
    memcpy(out, magic, sizeof magic);
    put_le(out + 4, h->version, 2);
    put_le(out + 6, FRAME_HEADER_BYTES, 2);
    put_le(out + 8, h->pid, 4);
    put_le(out + 12, h->seq, 4);
    put_le(out + 16, h->start_real_ns, 8);
    put_le(out + 24, h->raw_bytes, 4);
    put_le(out + 28, h->body_bytes, 4);
    put_le(out + 32, h->flags, 4);
    put_le(out + 36, 0, 4);
    h->checksum = checksum(out, body, h->body_bytes);
    put_le(out + CHECKSUM_AT, h->checksum, 8);
}

/* A compressed body may be a little larger than its records, never much. */
static int sizes_possible(const struct frame_header *h)
{
    if (h->raw_bytes > FRAME_RAW_MAX || h->body_bytes > FRAME_RAW_MAX + FRAME_RAW_MAX / 128 + 1024)
        return 0;
    return !(h->flags & FRAME_STORED) || h->raw_bytes == h->body_bytes;
}

enum frame_result frame_header_get(struct frame_header *h, const uint8_t *in, size_t n)
{
    if (memcmp(in, magic, n < sizeof magic ? n : sizeof magic) != 0)
        return FRAME_FOREIGN;
    if (n < FRAME_HEADER_BYTES)
        return FRAME_SHORT;
    h->version = (uint16_t)get_le(in + 4, 2);
    if (h->version > FRAME_VERSION)
        return FRAME_VERSION_NEW;
    h->pid = (uint32_t)get_le(in + 8, 4);
    h->seq = (uint32_t)get_le(in + 12, 4);
    h->start_real_ns = get_le(in + 16, 8);
    h->raw_bytes = (uint32_t)get_le(in + 24, 4);
    h->body_bytes = (uint32_t)get_le(in + 28, 4);
    h->flags = (uint32_t)get_le(in + 32, 4);
    h->checksum = get_le(in + CHECKSUM_AT, 8);
    if (h->version == 0 || get_le(in + 6, 2) != FRAME_HEADER_BYTES || !sizes_possible(h))
        return FRAME_DAMAGED;
    return FRAME_OK;
}

enum frame_result frame_check(const struct frame_header *h, const uint8_t *in)
{
    uint64_t sum = checksum(in, in + FRAME_HEADER_BYTES, h->body_bytes);
    return sum == h->checksum ? FRAME_OK : FRAME_DAMAGED;
}

const uint8_t *frame_resync(const uint8_t *from, const uint8_t *end)
{
    while (from < end) {
        const uint8_t *m = memchr(from, magic[0], (size_t)(end - from));
        if (!m)
            return end;
        if ((size_t)(end - m) >= sizeof magic && memcmp(m, magic, sizeof magic) == 0)
            return m;
        from = m + 1;
    }
    return end;
}
