/* snapshot_gc: what Lua's collectors did, as records.  See snapshot.h; the figures: docs/FORMAT.md.
 *
 * Context: see snapshot.h. */
#include <string.h>

#include "arena/snapshot_parts.h"

_Static_assert(ARENA_PAUSES == sizeof((struct rec_gc *)0)->pause_n / sizeof(uint64_t),
               "as many as a record");

static const struct arena_gc *gc_of(const struct arena *a, uint32_t i)
{
    int known = a->memory_used && a->states[i].lane_ready == 1;
    return known && a->lanes[i].gc.how != 0 ? &a->lanes[i].gc : NULL;
}

size_t snapshot_gc_encode(const struct arena *a, uint32_t i, uint8_t *out, size_t cap)
{
    const struct arena_gc *gc = gc_of(a, i);
    if (gc == NULL)
        return 0;
    struct rec_gc r = {.state = a->states[i].id,
                       .how = gc->how,
                       .generational = gc->generational,
                       .step_n = gc->step_n,
                       .step_ns = gc->step_ns,
                       .full_n = gc->full_n,
                       .full_ns = gc->full_ns,
                       .call_n = gc->call_n,
                       .call_ns = gc->call_ns,
                       .pause_max_ns = gc->pause_max_ns,
                       .cycle_n = gc->cycle_n,
                       .minor_n = gc->minor_n,
                       .free_n = gc->free_n,
                       .free_bytes = gc->free_bytes,
                       .finalize_n = gc->finalize_n,
                       .finalize_ns = gc->finalize_ns,
                       .close_finalize_n = gc->close_finalize_n,
                       .close_finalize_ns = gc->close_finalize_ns,
                       .pause_n_n = ARENA_PAUSES,
                       .unlisted_n = gc->unlisted_n};
    memcpy(r.pause_n, gc->pause_n, sizeof gc->pause_n);
    return rec_gc_encode(&r, out, cap);
}

int snapshot_gc(const struct snapshot *s, uint32_t i)
{
    const struct arena_gc *gc = gc_of(s->a, i);
    if (gc == NULL)
        return 0;
    uint64_t sum = 1 + gc->step_n + gc->close_finalize_n + gc->full_n + gc->call_n + gc->cycle_n +
                   gc->minor_n + gc->generational + ((uint64_t)s->a->states[i].id << 32);
    if (sum == gc->emitted_sum && !s->o->final)
        return 0;
    int stop = snapshot_put(s, snapshot_gc_encode(s->a, i, s->record, SNAPSHOT_RECORD_MAX));
    if (!stop)
        s->a->lanes[i].gc.emitted_sum = sum;
    return stop;
}

/* A fork's child counts anew. */
void snapshot_restart_gc(struct arena_gc *gc)
{
    *gc = (struct arena_gc){.how = gc->how,
                            .generational = gc->generational,
                            .seen_estimate = gc->seen_estimate,
                            .seen_white = gc->seen_white,
                            .seen_cycle = gc->seen_cycle};
}
