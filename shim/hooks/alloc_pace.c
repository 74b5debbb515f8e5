/* alloc_pace: see alloc_pace.h. */
#include "shim/hooks/alloc_pace.h"

enum {
    SAMPLES = 32,       /* that are looked at together */
    SHORT_NS = 8000000, /* they are not to come faster: four in a ms, some 3 % of a processor */
    LONG_OF = 4,        /* so much slower, and they may come twice as fast */
    MOST = 64           /* times as far apart as was asked for */
};

static uint64_t changed(uint64_t interval, uint64_t took_ns, uint64_t least)
{
    if (took_ns < SHORT_NS && interval < MOST * least)
        return 2 * interval;
    if (took_ns > (uint64_t)LONG_OF * SHORT_NS && interval > least)
        return interval / 2;
    return interval;
}

uint64_t alloc_pace_next(struct alloc_pace *p, uint64_t now, uint64_t least)
{
    uint64_t interval = alloc_pace_interval(p, least);
    if (p->n++ == 0)
        p->begin_ns = now;
    if (p->n > SAMPLES) {
        interval = changed(interval, now - p->begin_ns, least);
        p->begin_ns = now;
        p->n = 1;
    }
    return p->interval = interval;
}
