/* span_quota: bounds the spans of one kind and name.  Context: any; lock-free. */
#include "shim/hooks/span_quota.h"

#include <stdatomic.h>

enum { QUOTAS = 4096, QUOTA_PROBES = 16 };

/* How many spans of a kind and name there were; the last entry is for all that found no place. */
static struct {
    _Atomic uint32_t key, n;
} quotas[QUOTAS + 1];

static int quota_is(unsigned i, uint32_t key)
{
    uint32_t old = 0;
    return atomic_compare_exchange_strong(&quotas[i].key, &old, key) || old == key;
}

int span_quota_take(unsigned kind, uint32_t name)
{
    uint32_t key = (name << 3 | kind) + 1;
    unsigned at = (key * 2654435761u) >> 20, i = QUOTAS;
    for (unsigned probe = 0; probe < QUOTA_PROBES; probe++)
        if (quota_is((at + probe) % QUOTAS, key)) {
            i = (at + probe) % QUOTAS;
            break;
        }
    uint32_t limit = i == QUOTAS ? 64 * SPAN_KEEP : SPAN_KEEP;
    if (atomic_load_explicit(&quotas[i].n, memory_order_relaxed) >= limit)
        return 0;
    return atomic_fetch_add_explicit(&quotas[i].n, 1, memory_order_relaxed) < limit;
}
