/* intern: strings by number.  See record_api.h and arena/layout.h.
 *
 * Strings are appended to the arena; a private hash table finds them again.  Two threads that
 * intern the same new string at once may both append it; the table keeps one, and both return it.
 *
 * Context: any; lock-free. */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "shim/fork_mark.h"
#include "shim/record/probing.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"

enum {
    STRING_MAX = 4000,
    REST_N = 1 << 15, /* more than strings can be at 32 bytes each */
    PROBES_MAX = 512
};

static SHIM_TABLE _Atomic uint32_t table[PROBING_BEFORE_REST + REST_N]; /* string ids */

static struct arena_string *string_at(uint32_t id)
{
    return (struct arena_string *)(void *)(arena->strings + (size_t)(id - 1) * 8);
}

static int equals(uint32_t id, const char *bytes, size_t n, uint32_t hash)
{
    const struct arena_string *s = string_at(id);
    return s->hash == hash && s->length_plus_1 == n + 1 && memcmp(s->bytes, bytes, n) == 0;
}

/* Takes SIZE bytes at the end; returns their offset, or -1. */
static int64_t take(uint32_t size)
{
    uint32_t used = atomic_load(&arena->strings_used);
    do
        if (size > ARENA_STRINGS_BYTES - used || region_reserve(arena->strings + used, size))
            return -1;
    while (!atomic_compare_exchange_weak(&arena->strings_used, &used, used + size));
    return used;
}

static uint32_t append(const char *bytes, size_t n, uint32_t hash)
{
    fork_mark_look();
    uint32_t size = (uint32_t)(sizeof(struct arena_string) + n + 7) & ~7u;
    int64_t at = take(size);
    if (at < 0) {
        loss_count(LOSS_STRINGS_FULL, 1);
        return 0;
    }
    uint32_t id = (uint32_t)at / 8 + 1;
    struct arena_string *s = string_at(id);
    s->hash = size; /* until it is complete: lets readers step over it */
    atomic_signal_fence(memory_order_seq_cst);
    memcpy(s->bytes, bytes, n);
    s->hash = hash;
    atomic_store_explicit(&s->length_plus_1, (uint32_t)n + 1, memory_order_release);
    return id;
}

uint32_t intern(const char *bytes, size_t n)
{
    if (!arena)
        return 0;
    if (n > STRING_MAX)
        n = STRING_MAX;
    uint32_t hash = (uint32_t)XXH64(bytes, n, 0), mine = 0;
    for (uint32_t i = 0; i < PROBES_MAX; i++) {
        _Atomic uint32_t *slot = &table[probing_slot(hash, i, REST_N)];
        uint32_t id = atomic_load_explicit(slot, memory_order_acquire);
        if (id == 0) {
            mine = mine ? mine : append(bytes, n, hash);
            if (!mine || atomic_compare_exchange_strong(slot, &id, mine))
                return mine;
        }
        if (equals(id, bytes, n, hash))
            return id;
    }
    if (!mine)
        loss_count(LOSS_STRINGS_FULL, 1);
    return mine;
}

uint32_t intern_z(const char *z)
{
    return z ? intern(z, strlen(z)) : 0;
}
