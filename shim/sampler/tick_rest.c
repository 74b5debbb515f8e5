/* tick_rest: see tick_rest.h.
 *
 * Costs are wall time, which is too much where another program took the processor: so the less of two counts, and
 * only where the tick was there at once. */
#include "shim/sampler/tick_rest.h"

enum { SHARE = 8 /* of time for the program, for one of samples */ };

int tick_rest_holds(struct tick_rest *r, uint64_t now_ns, uint64_t distance_ns, uint64_t *ticks)
{
    uint64_t cost = r->cost_ns[0] < r->cost_ns[1] ? r->cost_ns[0] : r->cost_ns[1];
    uint64_t gap = now_ns - r->ended_ns;
    r->on = gap < SHARE * cost && (r->on || gap < distance_ns / 2);
    if (r->on) {
        r->held += *ticks;
        return 1;
    }
    *ticks += r->held;
    r->held = 0;
    return 0;
}

void tick_rest_note(struct tick_rest *r, uint64_t cost_ns, uint64_t now_ns)
{
    r->cost_ns[1] = r->cost_ns[0];
    r->cost_ns[0] = cost_ns;
    r->ended_ns = now_ns;
}
