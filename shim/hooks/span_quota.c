/* span_quota: bounds the spans of one kind and name.  Context: any; lock-free. */
#include "shim/hooks/span_quota.h"

#include <stdatomic.h>

#include "shim/platform.h"

/* The first page of the table is tried first: programs with few modules touch no other. */
enum { QUOTAS = 4096, QUOTA_PROBES = 24, PAGE_QUOTAS = 512, PAGE_PROBES = 8 };

/* How many spans of a kind and name there were; the last entry is for all that found no place. */
static SHIM_TABLE struct {
    _Atomic uint32_t key, n;
} quotas[QUOTAS + 1];

static int quota_is(unsigned i, uint32_t key)
{
    uint32_t old = 0;
    return atomic_compare_exchange_strong(&quotas[i].key, &old, key) || old == key;
}

static unsigned slot_of(uint32_t hash, unsigned probe)
{
    return probe < PAGE_PROBES ? (hash + probe) % PAGE_QUOTAS : ((hash >> 9) + probe) % QUOTAS;
}

int span_quota_take(unsigned kind, uint32_t name)
{
    uint32_t key = (name << 3 | kind) + 1;
    uint32_t hash = (key * 2654435761u) >> 8;
    unsigned i = QUOTAS;
    for (unsigned probe = 0; probe < QUOTA_PROBES && i == QUOTAS; probe++)
        if (quota_is(slot_of(hash, probe), key))
            i = slot_of(hash, probe);
    uint32_t limit = i == QUOTAS ? 64 * SPAN_KEEP : SPAN_KEEP;
    if (atomic_load_explicit(&quotas[i].n, memory_order_relaxed) >= limit)
        return 0;
    return atomic_fetch_add_explicit(&quotas[i].n, 1, memory_order_relaxed) < limit;
}
