/* object_map: address to object, without locks.  See objects.h.
 *
 * The list is kept MAPS_N times; each replacement fills the copy that was current longest ago
 * and then raises the generation.  A reader notes the generation, searches, and looks again:
 * only when MAPS_N - 1 replacements happened in between can its copy have changed under it, and
 * it then tries again.  Memory is bounded, and neither side ever waits.
 *
 * Context: one writer at a time (the loader's lock); readers anywhere. */
#include <stdatomic.h>

#include "shim/record/objects.h"
#include "shim/record/record_api.h"

enum { MAPS_N = 4, TRIES_MAX = 8 };

struct map {
    _Atomic uint32_t n;
    struct {
        _Atomic uint64_t lo, hi;
        _Atomic uint32_t id;
    } range[ARENA_OBJECTS_MAX];
};

static SHIM_TABLE struct map maps[MAPS_N];
static _Atomic uint64_t generation; /* maps[generation % MAPS_N] is current */

void object_map_replace(const struct object_range *sorted, uint32_t n)
{
    uint64_t next = atomic_load(&generation) + 1;
    struct map *m = &maps[next % MAPS_N];
    for (uint32_t i = 0; i < n; i++) {
        atomic_store_explicit(&m->range[i].lo, sorted[i].lo, memory_order_release);
        atomic_store_explicit(&m->range[i].hi, sorted[i].hi, memory_order_release);
        atomic_store_explicit(&m->range[i].id, sorted[i].id, memory_order_release);
    }
    atomic_store_explicit(&m->n, n, memory_order_release);
    atomic_store(&generation, next);
}

/* Binary search for the last range that begins at or before ADDRESS. */
static int find(struct map *m, uint64_t address, struct object_range *out)
{
    uint32_t lo = 0, hi = atomic_load_explicit(&m->n, memory_order_acquire);
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (atomic_load_explicit(&m->range[mid].lo, memory_order_acquire) <= address)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0)
        return 0;
    out->lo = atomic_load_explicit(&m->range[lo - 1].lo, memory_order_acquire);
    out->hi = atomic_load_explicit(&m->range[lo - 1].hi, memory_order_acquire);
    out->id = atomic_load_explicit(&m->range[lo - 1].id, memory_order_acquire);
    return address < out->hi;
}

/* Returns 1 and fills OUT where ADDRESS is in an object; *AS_OF is the generation that said so. */
static int look_up(uint64_t address, struct object_range *out, uint64_t *as_of)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        uint64_t g = atomic_load(&generation);
        int found = find(&maps[g % MAPS_N], address, out);
        *as_of = g;
        if (atomic_load(&generation) - g < MAPS_N - 1)
            return found;
    }
    return 0;
}

int object_of(const void *address)
{
    struct object_range r;
    uint64_t as_of;
    return look_up((uint64_t)(uintptr_t)address, &r, &as_of) ? (int)r.id : -1;
}

/* The allocator is mostly called from the same object again. */
static SHIM_TLS struct object_range cached;
static SHIM_TLS uint64_t cached_as_of;

int object_of_caller(const void *return_address)
{
    uint64_t at = (uint64_t)(uintptr_t)return_address, as_of;
    struct object_range r;
    if (likely(at - cached.lo < cached.hi - cached.lo &&
               cached_as_of == atomic_load_explicit(&generation, memory_order_relaxed)))
        return (int)cached.id;
    if (!look_up(at, &r, &as_of))
        return -1;
    cached_as_of = 0; /* a signal handler in between must not see half of it */
    atomic_signal_fence(memory_order_seq_cst);
    cached = r;
    atomic_signal_fence(memory_order_seq_cst);
    cached_as_of = as_of;
    return (int)r.id;
}
