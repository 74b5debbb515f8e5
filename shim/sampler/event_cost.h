/* event_cost: how long an event interrupts the thread it belongs to.
 *
 * A thread looks at nothing but the count of its events and the clock: around each event, time is missing.  On its own a machine
 * takes 1 or 2 us for one, a virtual machine often 40.  The median of a few tells; where another program took the processor it is too much,
 * never too little.
 *
 * Context: any.  Pure. */
#ifndef SHIM_SAMPLER_EVENT_COST_H
#define SHIM_SAMPLER_EVENT_COST_H

#include <stdint.h>

enum {
    EVENT_COST_GAPS = 7,
    EVENT_COST_LOW_NS = 8000,         /* 0.8 % of the time at 1,000 a second */
    EVENT_COST_LOOK_NS = 1500 * 1000, /* to look for longer would itself be dear */
    EVENT_COST_LOOKS = 100000         /* where the clock has stopped meanwhile */
};

/* Zeroed at first. */
struct event_cost {
    uint64_t begin_ns, last_ns; /* of looks; 0: none yet */
    uint64_t step_ns;           /* between the last two */
    uint64_t seen;              /* events */
    uint32_t looks;
    uint64_t gap_ns[EVENT_COST_GAPS];
    int n;
};

/* At NOW_NS, looked at after them, there were EVENTS.  Returns 1 where it takes another look. */
int event_cost_look(struct event_cost *c, uint64_t events, uint64_t now_ns);

/* 1: events are cheap.  0: dear, or too few were seen to tell. */
int event_cost_is_low(const struct event_cost *c);

#endif
