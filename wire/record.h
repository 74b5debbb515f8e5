/* record: the records of the trace as C structs, with their encoders and decoders, all generated
 * from records.def.
 *
 * On the wire a record is: varint kind, varint payload length, payload.  The encoder writes all
 * three.  The decoder is given the payload.
 *
 * Context: any, including signal handlers: no allocation, no errno, no locks. */
#ifndef WIRE_RECORD_H
#define WIRE_RECORD_H

#include <stddef.h>
#include <stdint.h>

struct rec_bytes {
    const uint8_t *at; /* not owned; may be NULL when n is 0 */
    size_t n;
};

enum record_kind {
#define RECORD(number, name) REC_##name = number,
#define U64(f)
#define S64(f)
#define SID(f)
#define BYTES(f)
#define U64S(f, max)
#define END_RECORD(name)
#include "wire/records.def"
    REC_KIND_END
};

#define RECORD(number, name) struct rec_##name {
#define U64(f) uint64_t f;
#define S64(f) int64_t f;
#define SID(f) uint32_t f;
#define BYTES(f) struct rec_bytes f;
#define U64S(f, max) \
    uint64_t f[max]; \
    uint32_t f##_n;
#define END_RECORD(name) \
    } \
    ;
#include "wire/records.def"

/* rec_X_encode writes the whole record into OUT (CAP bytes); returns its size, or 0 where it does
 * not fit.  rec_X_decode fills R from the payload; bytes fields point into it.  Returns 0, or -1
 * where the payload is damaged (R is then partly filled). */
#define RECORD(number, name) \
    size_t rec_##name##_encode(const struct rec_##name *r, uint8_t *out, size_t cap); \
    int rec_##name##_decode(struct rec_##name *r, const uint8_t *payload, size_t n);
#define U64(f)
#define S64(f)
#define SID(f)
#define BYTES(f)
#define U64S(f, max)
#define END_RECORD(name)
#include "wire/records.def"

/* Reads kind and payload of the next record in [*AT, END) and moves *AT behind it.
 * Returns 1, 0 at the end, -1 where the bytes are damaged. */
int record_next(const uint8_t **at, const uint8_t *end, uint64_t *kind, const uint8_t **payload,
                size_t *n);

#endif
