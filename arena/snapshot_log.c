/* snapshot_log: what was appended to the arena: strings, and the records in the ring.
 *
 * An entry may be taken and not complete: its writer is in the middle of it.  A living process
 * comes back to it at the next drain; the last snapshot (`final`) steps over it.
 *
 * Context: see snapshot.h. */
#include <string.h>

#include "arena/snapshot_parts.h"

static uint32_t padded(uint32_t n)
{
    return (n + 7) & ~7u;
}

/* ---- strings ---- */

static struct arena_string *string_at(struct arena *a, uint32_t at)
{
    return (struct arena_string *)(void *)(a->strings + at);
}

/* Bytes from AT to the next entry, 0 where the arena is damaged.  *N: the string's length, -1 where
 * it is not complete. */
static uint32_t string_step(struct arena *a, uint32_t at, uint32_t used, int64_t *n)
{
    const struct arena_string *s = string_at(a, at);
    uint32_t length = atomic_load_explicit(&s->length_plus_1, memory_order_acquire);
    uint32_t size = length ? padded((uint32_t)sizeof *s + length - 1) : padded(s->hash);
    *n = (int64_t)length - 1;
    if (!length && !size) /* not even marked: all zero up to the next entry */
        return 8;
    return length > SNAPSHOT_STRING_MAX || size < sizeof *s || size > used - at ? 0 : size;
}

static uint32_t strings_used(const struct arena *a)
{
    return snapshot_at_most(atomic_load(&a->strings_used), ARENA_STRINGS_BYTES) & ~7u;
}

int snapshot_strings(const struct snapshot *s)
{
    struct arena *a = s->a;
    uint32_t used = strings_used(a), at = padded(a->strings_emitted), step;
    for (; at < used; at += step) {
        int64_t n;
        step = string_step(a, at, used, &n);
        if (!step || (n < 0 && !s->o->final))
            break;
        struct rec_string r = {.id = at / 8 + 1,
                               .bytes = {string_at(a, at)->bytes, n > 0 ? (size_t)n : 0}};
        int stop = n < 0 ? 0 : SNAPSHOT_EMIT(s, string, &r);
        if (stop)
            return stop;
        a->strings_emitted = at + step;
    }
    return 0;
}

/* An entry that nobody will complete becomes empty strings, eight bytes each. */
void snapshot_mend_strings(struct arena *a)
{
    uint32_t used = strings_used(a), step;
    for (uint32_t at = 0; at < used; at += step) {
        int64_t n;
        step = string_step(a, at, used, &n);
        if (!step)
            break;
        for (uint32_t gap = at; n < 0 && gap < at + step; gap += 8) {
            string_at(a, gap)->hash = 0;
            atomic_store(&string_at(a, gap)->length_plus_1, 1);
        }
    }
}

/* ---- ring ---- */

static _Atomic uint32_t *header_at(struct arena *a, uint64_t position)
{
    return (_Atomic uint32_t *)(void *)(a->ring.bytes + position % ARENA_RING_BYTES);
}

/* 1 where the bytes are exactly one record: a damaged one would spoil the frame it is put in. */
static int is_record(const uint8_t *bytes, uint32_t n)
{
    const uint8_t *at = bytes, *payload;
    uint64_t kind;
    size_t payload_n;
    return record_next(&at, bytes + n, &kind, &payload, &payload_n) == 1 && at == bytes + n;
}

/* 1 where the entry at POSITION has been incomplete for so long that nobody will complete it: its
 * writer left by a longjmp from a signal handler. */
static int is_given_up(const struct snapshot *s, uint64_t position)
{
    const uint64_t patience_ns = UINT64_C(5000000000);
    static uint64_t stuck_at, since_ns;
    if (position != stuck_at || since_ns == 0 || s->o->now_ns < since_ns) {
        stuck_at = position;
        since_ns = s->o->now_ns;
        return 0;
    }
    return s->o->now_ns - since_ns > patience_ns;
}

/* Size of the entry at POSITION, 0 where it must wait or can not be. */
static uint32_t entry_size(const struct snapshot *s, uint64_t position, uint64_t limit,
                           uint32_t header)
{
    uint32_t kind = header & 3, size = padded(4 + (header >> 2));
    if ((kind == RING_EMPTY || kind == RING_BUSY) && !s->o->final && !is_given_up(s, position))
        return 0;
    if (kind == RING_EMPTY)
        return 8;
    if (size > ARENA_RING_BYTES - position % ARENA_RING_BYTES || size > limit - position)
        return 0;
    return size;
}

/* Memory behind the tail must be zero before a producer may have it. */
static void consume(struct arena *a, uint64_t position, uint32_t size)
{
    memset(a->ring.bytes + position % ARENA_RING_BYTES, 0, size);
    atomic_store_explicit(&a->ring.tail, position + size, memory_order_release);
}

static int hand_on(const struct snapshot *s, uint64_t position, uint32_t header)
{
    const uint8_t *bytes = s->a->ring.bytes + position % ARENA_RING_BYTES + 4;
    uint32_t n = header >> 2, kind = header & 3;
    if (kind == RING_READY && is_record(bytes, n))
        return s->emit(s->ctx, bytes, n);
    if (kind != RING_SKIP && kind != RING_EMPTY)
        atomic_fetch_add(&s->a->losses[LOSS_RING_FULL], 1);
    return 0;
}

int snapshot_ring(const struct snapshot *s, uint64_t limit)
{
    struct arena *a = s->a;
    uint64_t at = atomic_load(&a->ring.tail);
    if (limit - at > ARENA_RING_BYTES || at % 8 || limit % 8)
        return 0; /* damaged */
    while (at < limit) {
        uint32_t header = atomic_load_explicit(header_at(a, at), memory_order_acquire);
        uint32_t size = entry_size(s, at, limit, header);
        if (!size)
            break;
        int stop = hand_on(s, at, header);
        consume(a, at, size);
        if (stop)
            return stop;
        at += size;
    }
    return 0;
}
