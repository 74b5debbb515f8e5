/* site_table: numbers for the places that allocate: equal stacks of equal kind are one site, and the
 * counters of it.
 *
 * Context: host threads, signal handlers; lock-free.  Bounded: when the table is full, one overflow site
 * for each lane takes the rest, so that sums stay right. */
#ifndef SHIM_STACK_SITE_TABLE_H
#define SHIM_STACK_SITE_TABLE_H

#include "shim/record/record_api.h"

enum { SITE_LANE_C = ARENA_STATES_MAX };

struct site_key {
    uint32_t lua, native, object;
    uint16_t lane;
    uint8_t heap, kind;
};

/* Makes the part of the arena ready that sites need; MAX sites at most.  Returns 0, or -1: there can be
 * none.  Constructor or first state. */
int sites_start(uint32_t max);

/* Makes LANE ready.  Returns 0, or -1: it can have no sites. */
int site_lane_ready(uint32_t lane);

/* Id of the site (index + 1); 0 only where not even an overflow site could be had. */
uint32_t site_intern(const struct site_key *k);

static inline struct arena_site *site_at(uint32_t id)
{
    return &arena->sites[id - 1];
}

/* To be called before a counter of T changes: what lived at the lane's highest point and after its last
 * full collection is noted, where T did not change since. */
void site_note(struct arena_site *t, const struct arena_lane *l);
static inline void site_touch(struct arena_site *t, const struct arena_lane *l)
{
    if (__builtin_expect(t->epoch != l->epoch, 0))
        site_note(t, l);
}

/* The lane was at LEVEL, the highest so far, and goes down from there. */
static inline void lane_peak(struct arena_lane *l, uint64_t level)
{
    l->peak_noted = level;
    l->peak_epoch++;
    l->epoch++;
}

/* The program asked for a full collection, which has ended. */
static inline void lane_full(struct arena_lane *l)
{
    l->full_seen = 1;
    l->full_epoch++;
    l->epoch++;
}

/* The state of the lane begins to be closed. */
void lane_close(uint16_t lane);
/* All that lives of the lane is gone at once. */
void lane_drop(uint16_t lane);

#endif
