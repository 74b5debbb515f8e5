/* memory_points: the heap over time, as sample_memory records.  See record_api.h.
 *
 * Points come at a distance that doubles after every so many, so that their number grows with the logarithm of
 * the run.
 *
 * Context: host threads. */
#include "arena/snapshot.h"
#include "shim/record/process_info.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"

enum { POINT_NS = 10 * 1000 * 1000, POINTS_EACH = 256 };

static void take(uint64_t now)
{
    struct rec_sample_memory r = {.at_ns = now, .rss_bytes = process_info_rss_bytes()};
    snapshot_memory(arena, &r);
    RECORD_PUSH(sample_memory, &r);
}

void memory_point(uint64_t now)
{
    if (arena == NULL || arena->memory_used == 0)
        return;
    struct arena_memory *m = &arena->memory;
    uint64_t next = atomic_load_explicit(&m->next_point_ns, memory_order_relaxed);
    if (now < next)
        return;
    uint64_t distance = m->point_ns ? m->point_ns : POINT_NS;
    if (!atomic_compare_exchange_strong(&m->next_point_ns, &next, now + distance))
        return;
    m->point_ns = ++m->points_n % POINTS_EACH == 0 ? 2 * distance : distance;
    take(now);
}

int memory_reserve(const void *at, size_t n)
{
    return region_reserve(at, n);
}

uint64_t memory_resident(void)
{
    return process_info_rss_bytes();
}
