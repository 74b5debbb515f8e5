/* frame: the unit of the stream: at most 1 MiB of records, compressed, checksummed, independently
 * decodable.  A trace file is frames one after another; so is what goes over a socket.
 *
 * Header, 48 bytes, little endian:
 *    0  magic "MPRF"            4
 *    4  format version (1)      2
 *    6  header bytes (48)       2
 *    8  process id              4
 *   12  sequence number         4   from 0, per process
 *   16  process start           8   CLOCK_REALTIME ns; with the pid it names the process
 *   24  records, bytes          4   uncompressed size, at most FRAME_RAW_MAX
 *   28  body, bytes             4   compressed size
 *   32  flags                   4   bit 0: body is stored, not compressed
 *   36  reserved, 0             4
 *   40  checksum                8   XXH64, seed 0, of header bytes 0..39 and the body
 * then the body: one zstd frame, or the records themselves. */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER_BYTES = 48, FRAME_RAW_MAX = 1 << 20, FRAME_VERSION = 1, FRAME_STORED = 1 };

struct frame_header {
    uint16_t version;
    uint32_t pid, seq, raw_bytes, body_bytes, flags;
    uint64_t start_real_ns, checksum;
};

/* Writes header (with checksum over BODY) to OUT[FRAME_HEADER_BYTES].  h->version and h->checksum
 * are filled in.  Any context. */
void frame_header_put(struct frame_header *h, const uint8_t *body, uint8_t *out);

enum frame_result {
    FRAME_OK = 0,
    FRAME_SHORT = 1,       /* more bytes are needed (end of a truncated file) */
    FRAME_FOREIGN = 2,     /* magic does not match */
    FRAME_VERSION_NEW = 3, /* a later format */
    FRAME_DAMAGED = 4      /* sizes impossible or checksum wrong */
};

/* Reads a header from the first N bytes at IN (checks magic, version, sizes; not the checksum). */
enum frame_result frame_header_get(struct frame_header *h, const uint8_t *in, size_t n);

/* Checks the checksum of a whole frame at IN (header and body). */
enum frame_result frame_check(const struct frame_header *h, const uint8_t *in);

/* Where the next magic stands in [FROM, END), or END: to go on behind a damaged frame. */
const uint8_t *frame_resync(const uint8_t *from, const uint8_t *end);

#endif
