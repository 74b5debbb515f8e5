/* site_collected: the collector's time, charged to the sites whose blocks it freed, in proportion to their bytes: bytes are what
 * Lua counts to decide that it collects again.
 *
 * What sampled blocks stand for is added up by site while a cycle frees them; the cycle's time is shared out at its end.  The time of
 * cycles that freed no sampled block is shared out with that of the next one that did.
 *
 * Context: the thread that runs the state of the lane. */
#ifndef SHIM_STACK_SITE_COLLECTED_H
#define SHIM_STACK_SITE_COLLECTED_H

#include "shim/stack/site_table.h"

/* The collector frees BYTES of site T, which is of lane L. */
static inline void site_collected(struct arena_lane *l, struct arena_site *t, uint64_t bytes)
{
    if (t->collected_bytes == 0 && bytes != 0) {
        t->collected_next = l->collected;
        l->collected = (uint32_t)(t - arena->sites) + 1;
    }
    t->collected_bytes += bytes;
}

/* Shares NS out.  Returns what is left: NS, where nothing was freed since the last time, or 0. */
uint64_t lane_charge(struct arena_lane *l, uint64_t ns);

#endif
