/* record: encoders and decoders, generated from records.def.  See record.h. */
#include "wire/record.h"

#include <string.h>

#include "wire/varint.h"

struct writer {
    uint8_t *at, *end; /* at is NULL once something did not fit */
};

static void write_u64(struct writer *w, uint64_t v)
{
    uint8_t tmp[VARINT_MAX_BYTES];
    if (w->at && w->end - w->at >= VARINT_MAX_BYTES) { /* nearly always: straight into its place */
        w->at += varint_put(w->at, v);
        return;
    }
    size_t n = varint_put(tmp, v);
    if (!w->at || (size_t)(w->end - w->at) < n) {
        w->at = NULL;
        return;
    }
    memcpy(w->at, tmp, n);
    w->at += n;
}

static void write_bytes(struct writer *w, struct rec_bytes b)
{
    write_u64(w, b.n);
    if (!w->at || (size_t)(w->end - w->at) < b.n) {
        w->at = NULL;
        return;
    }
    if (b.n)
        memcpy(w->at, b.at, b.n);
    w->at += b.n;
}

static void write_u64s(struct writer *w, const uint64_t *v, uint32_t n)
{
    while (n && v[n - 1] == 0) /* trailing zeros are implied */
        n--;
    write_u64(w, n);
    for (uint32_t i = 0; i < n; i++)
        write_u64(w, v[i]);
}

struct reader {
    const uint8_t *at, *end;
    int bad;
};

static uint64_t read_u64(struct reader *r)
{
    uint64_t v = 0;
    if (r->at == r->end) /* a field this trace's writer did not know yet */
        return 0;
    if (varint_get(&r->at, r->end, &v)) {
        r->bad = 1;
        r->at = r->end;
        return 0;
    }
    return v;
}

static struct rec_bytes read_bytes(struct reader *r)
{
    struct rec_bytes b = {NULL, 0};
    uint64_t n = read_u64(r);
    if (n > (uint64_t)(r->end - r->at)) {
        r->bad = 1;
        r->at = r->end;
        return b;
    }
    b.at = r->at;
    b.n = (size_t)n;
    r->at += n;
    return b;
}

static uint32_t read_u64s(struct reader *r, uint64_t *v, uint32_t max)
{
    uint64_t n = read_u64(r);
    uint32_t kept = 0;
    for (uint64_t i = 0; i < n && r->at < r->end; i++) {
        uint64_t x = read_u64(r);
        if (kept < max)
            v[kept++] = x;
    }
    return kept;
}

/* The length goes in front of a payload of unknown size: room for three bytes (payloads up to
 * 2 MiB) is kept, and the length is written in exactly that many. */
enum { LENGTH_BYTES = 3 };

static int begin(struct writer *w, uint64_t kind, uint8_t **length_at)
{
    write_u64(w, kind);
    *length_at = w->at;
    if (!w->at || w->end - w->at < LENGTH_BYTES) {
        w->at = NULL;
        return -1;
    }
    w->at += LENGTH_BYTES;
    return 0;
}

static size_t finish(struct writer *w, const uint8_t *out, uint8_t *length_at)
{
    if (!w->at)
        return 0;
    size_t n = (size_t)(w->at - length_at) - LENGTH_BYTES;
    if (n >= (size_t)1 << (7 * LENGTH_BYTES))
        return 0;
    length_at[0] = (uint8_t)(n | 0x80);
    length_at[1] = (uint8_t)(n >> 7 | 0x80);
    length_at[2] = (uint8_t)(n >> 14);
    return (size_t)(w->at - out);
}

#define RECORD(number, name) \
    size_t rec_##name##_encode(const struct rec_##name *r, uint8_t *out, size_t cap) \
    { \
        struct writer w = {out, out + cap}; \
        uint8_t *length_at; \
        if (begin(&w, number, &length_at)) \
            return 0;
#define U64(f) write_u64(&w, r->f);
#define S64(f) write_u64(&w, varint_zigzag(r->f));
#define SID(f) write_u64(&w, r->f);
#define BYTES(f) write_bytes(&w, r->f);
#define U64S(f, max) write_u64s(&w, r->f, r->f##_n);
#define END_RECORD(name) \
    return finish(&w, out, length_at); \
    }
#include "wire/records.def"

#define RECORD(number, name) \
    int rec_##name##_decode(struct rec_##name *r, const uint8_t *payload, size_t n) \
    { \
        struct reader rd = {payload, payload + n, 0}; \
        memset(r, 0, sizeof *r);
#define U64(f) r->f = read_u64(&rd);
#define S64(f) r->f = varint_unzigzag(read_u64(&rd));
#define SID(f) r->f = (uint32_t)read_u64(&rd);
#define BYTES(f) r->f = read_bytes(&rd);
#define U64S(f, max) r->f##_n = read_u64s(&rd, r->f, max);
#define END_RECORD(name) \
    return rd.bad ? -1 : 0; \
    }
#include "wire/records.def"

int record_next(const uint8_t **at, const uint8_t *end, uint64_t *kind, const uint8_t **payload,
                size_t *n)
{
    const uint8_t *p = *at;
    uint64_t length;
    if (p == end)
        return 0;
    if (varint_get(&p, end, kind) || varint_get(&p, end, &length) || length > (uint64_t)(end - p))
        return -1;
    *payload = p;
    *n = (size_t)length;
    *at = p + length;
    return 1;
}
