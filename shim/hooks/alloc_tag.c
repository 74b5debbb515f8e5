/* alloc_tag: see alloc_tag.h.  What is seldom. */
#include "shim/hooks/alloc_tag.h"

#include "shim/hooks/heap_dropped.h"
#include "shim/record/record_api.h"

static uint32_t lane_of(const struct arena_state *s)
{
    return (uint32_t)(s - arena->states);
}

static void extend(struct arena_state *s, uint64_t at)
{
    uint64_t lo = s->table_lo, hi = lo + s->table_bytes;
    if (s->table_bytes == 0)
        lo = hi = at;
    s->table_lo = at < lo ? at : lo;
    s->table_bytes = (at < hi ? hi : at + 1) - s->table_lo;
}

COLD void alloc_tag_to_table(struct arena_state *s, const void *p, uint32_t site)
{
    struct tracked e = {.site = site, .n = 1, .owner = track_owner(lane_of(s))};
    extend(s, (uintptr_t)p);
    if (site != 0 && track_add(TRACK_LUA, p, &e) == 0)
        return;
    s->tags_unsure = 1;
    if (site != 0)
        loss_count(LOSS_TRACK_FULL, 1);
}

COLD uint32_t alloc_tag_from_table(const struct arena_state *s, const void *p)
{
    struct tracked e;
    while (track_take(TRACK_LUA, p, &e)) {
        if (e.owner % TRACK_OWNERS == lane_of(s))
            return e.site | ALLOC_TAG_IN_TABLE;
        heap_dropped_block(e.owner);
    }
    return 0;
}

COLD uint32_t alloc_tag_damaged(void)
{
    loss_count(LOSS_TRACK_FULL, 1);
    return 0;
}
