/* site_collected: see site_collected.h. */
#include "shim/stack/site_collected.h"

static uint64_t bytes_of(const struct arena_lane *l)
{
    uint64_t sum = 0;
    for (uint32_t id = l->collected; id != 0; id = site_at(id)->collected_next)
        sum += site_at(id)->collected_bytes;
    return sum;
}

uint64_t lane_charge(struct arena_lane *l, uint64_t ns)
{
    uint64_t all = bytes_of(l);
    if (all == 0)
        return ns;
    while (l->collected != 0) {
        struct arena_site *t = site_at(l->collected);
        uint64_t share = (uint64_t)((double)ns * ((double)t->collected_bytes / (double)all));
        share = share < ns ? share : ns;
        all -= t->collected_bytes;
        if (all == 0)
            share = ns; /* the last one: nothing gets lost by rounding */
        ns -= share;
        t->gc_ns += share;
        l->collected = t->collected_next;
        t->collected_bytes = 0;
    }
    return 0;
}
