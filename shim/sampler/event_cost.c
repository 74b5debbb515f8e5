/* event_cost: see event_cost.h. */
#include "shim/sampler/event_cost.h"

/* An event that comes between a look at the count and one at the clock makes that step long, and is seen in the next. */
int event_cost_look(struct event_cost *c, uint64_t events, uint64_t now_ns)
{
    if (c->last_ns == 0) {
        *c = (struct event_cost){.begin_ns = now_ns, .last_ns = now_ns, .seen = events};
        return 1;
    }
    uint64_t step = now_ns - c->last_ns;
    if (events != c->seen)
        c->gap_ns[c->n++] = step > c->step_ns ? step : c->step_ns;
    c->seen = events;
    c->step_ns = step;
    c->last_ns = now_ns;
    return c->n < EVENT_COST_GAPS && now_ns - c->begin_ns < EVENT_COST_LOOK_NS &&
           ++c->looks < EVENT_COST_LOOKS;
}

int event_cost_is_low(const struct event_cost *c)
{
    int low = 0;
    for (int i = 0; i < c->n; i++)
        low += c->gap_ns[i] <= EVENT_COST_LOW_NS;
    return low > EVENT_COST_GAPS / 2;
}
