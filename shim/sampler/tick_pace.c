/* tick_pace: see tick_pace.h. */
#include "shim/sampler/tick_pace.h"

/* Knuth's generator (MMIX), whose upper bits are good. */
static uint64_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 32;
}

uint64_t tick_pace_draw(struct tick_pace *p, uint64_t unit_ns)
{
    uint64_t mean_ns = unit_ns * TICK_UNITS;
    return mean_ns / 2 + (next(&p->seed) * mean_ns >> 32);
}

/* An event begins anew when its distance is changed: what had passed since it last fell due is carried on. */
void tick_pace_begin(struct tick_pace *p, uint64_t distance_ns, uint64_t now_ns)
{
    if (p->distance_ns != 0)
        p->carried_ns += (now_ns - p->began_ns) % p->distance_ns;
    p->distance_ns = distance_ns;
    p->began_ns = now_ns;
    p->ticks = 0;
}

uint64_t tick_pace_units(struct tick_pace *p, uint64_t ticks, uint64_t unit_ns)
{
    if (p->distance_ns == 0)
        return ticks * TICK_UNITS;
    p->ticks += (uint32_t)ticks;
    p->carried_ns += ticks * p->distance_ns;
    uint64_t units = p->carried_ns / unit_ns;
    p->carried_ns -= units * unit_ns;
    return units;
}

int tick_pace_is_due(struct tick_pace *p)
{
    if (p->distance_ns == 0 || p->ticks < TICK_PACE_RUN)
        return 0;
    p->ticks = 0;
    return 1;
}
