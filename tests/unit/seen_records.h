/* seen_records: a snapshot_emit that keeps what it is given, for tests of the recording side.
 * Included once by a test. */
#ifndef TESTS_UNIT_SEEN_RECORDS_H
#define TESTS_UNIT_SEEN_RECORDS_H

#include <string.h>

#include "arena/snapshot.h"
#include "wire/record.h"

enum { SEEN_BYTES = 1 << 22 };

static uint8_t seen_bytes[SEEN_BYTES];
static size_t seen_n;
static int seen_stop_after; /* > 0: that many records are taken, then emit says stop */

static int seen_emit(void *ctx, const uint8_t *record, size_t n)
{
    (void)ctx;
    if (n > SEEN_BYTES - seen_n)
        return -1;
    memcpy(seen_bytes + seen_n, record, n);
    seen_n += n;
    return seen_stop_after && --seen_stop_after == 0 ? 7 : 0;
}

/* The I-th record of KIND since seen_n was last 0; returns 0 where there is none. */
static inline int seen_find(unsigned kind, unsigned i, const uint8_t **payload, size_t *n)
{
    const uint8_t *at = seen_bytes, *end = seen_bytes + seen_n;
    uint64_t k;
    while (record_next(&at, end, &k, payload, n) == 1)
        if (k == kind && i-- == 0)
            return 1;
    return 0;
}

static inline unsigned seen_count(unsigned kind)
{
    const uint8_t *payload;
    size_t n;
    unsigned count = 0;
    while (seen_find(kind, count, &payload, &n))
        count++;
    return count;
}

#define SEEN(name, i, r) \
    (seen_find(REC_##name, (i), &seen_payload_, &seen_payload_n_) && \
     rec_##name##_decode((r), seen_payload_, seen_payload_n_) == 0)
static const uint8_t *seen_payload_;
static size_t seen_payload_n_;

static inline int seen_snapshot(struct arena *a, int final)
{
    struct snapshot_options o = {.final = final};
    seen_n = 0;
    return snapshot_take(a, &o, seen_emit, NULL);
}

#endif
