/* varint: variable-length integers of the wire format (docs/FORMAT.md, "Integers").
 *
 * Unsigned values are LEB128: seven bits a byte, least significant first, the top bit says "more
 * follows".  Signed values are zigzag-mapped first.  At most ten bytes each.
 *
 * Context: any, including signal handlers; no allocation, no errno. */
#ifndef WIRE_VARINT_H
#define WIRE_VARINT_H

#include <stddef.h>
#include <stdint.h>

enum { VARINT_MAX_BYTES = 10 };

/* Writes VALUE at OUT, which has room for VARINT_MAX_BYTES; returns the bytes written. */
static inline size_t varint_put(uint8_t *out, uint64_t value)
{
    size_t n = 0;
    while (value >= 0x80) {
        out[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (uint8_t)value;
    return n;
}

/* Reads one value from [*AT, END) and moves *AT behind it.  Returns 0, or -1 where the bytes end
 * early or the value does not fit 64 bits; *AT is then unchanged. */
static inline int varint_get(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    uint64_t v = 0;
    const uint8_t *p = *at;
    for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
        uint8_t byte = *p++;
        if (shift == 63 && byte > 1)
            return -1;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *at = p;
            *value = v;
            return 0;
        }
    }
    return -1;
}

static inline uint64_t varint_zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline int64_t varint_unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

#endif
