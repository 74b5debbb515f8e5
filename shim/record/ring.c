/* ring: the producers' side of the arena's ring.  See ring.h.
 *
 * A producer takes its bytes by moving the head, marks them busy with their length, fills them, and
 * marks them ready.  Behind the tail memory is zero, so a reader that finds an entry taken but not
 * yet marked can tell. */
#include "shim/record/ring.h"

#include <string.h>

#include "shim/fork_mark.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"

enum { HEADER_BYTES = 4 };

static _Atomic uint32_t *header_at(uint64_t position)
{
    return (_Atomic uint32_t *)(void *)(arena->ring.bytes + position % ARENA_RING_BYTES);
}

/* Takes SIZE bytes in one piece.  Sets *AT and returns 0, or -1: no room. What is left before the
 * end of the ring is taken too where SIZE does not fit there. */
static int take(uint32_t size, uint64_t *at)
{
    struct arena_ring *r = &arena->ring;
    uint64_t head = atomic_load(&r->head);
    for (;;) {
        uint64_t left = ARENA_RING_BYTES - head % ARENA_RING_BYTES;
        uint64_t skip = left < size ? left : 0;
        if (head + skip + size - atomic_load(&r->tail) > ARENA_RING_BYTES ||
            (skip && region_reserve(header_at(head), HEADER_BYTES)) ||
            region_reserve(header_at(head + skip), size))
            return -1;
        if (atomic_compare_exchange_weak(&r->head, &head, head + skip + size)) {
            if (skip)
                atomic_store_explicit(header_at(head),
                                      (uint32_t)(skip - HEADER_BYTES) << 2 | RING_SKIP,
                                      memory_order_release);
            *at = head + skip;
            return 0;
        }
    }
}

int ring_try_push(const uint8_t *record, size_t n)
{
    uint64_t at;
    fork_mark_look();
    if (n > ARENA_RING_BYTES / 4 || take((uint32_t)(HEADER_BYTES + n + 7) & ~7u, &at))
        return -1;
    _Atomic uint32_t *header = header_at(at);
    atomic_store_explicit(header, (uint32_t)n << 2 | RING_BUSY, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst); /* x86-64 keeps stores in order by itself */
    memcpy((uint8_t *)(void *)header + HEADER_BYTES, record, n);
    atomic_store_explicit(header, (uint32_t)n << 2 | RING_READY, memory_order_release);
    return 0;
}

uint64_t ring_filled_bytes(void)
{
    return atomic_load(&arena->ring.head) - atomic_load(&arena->ring.tail);
}

void ring_push(const uint8_t *record, size_t n)
{
    if (arena && ring_try_push(record, n))
        loss_count(LOSS_RING_FULL, 1);
}
