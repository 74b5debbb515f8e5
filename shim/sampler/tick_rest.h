/* tick_rest: the program gets on, however long samples take.
 *
 * A tick that came due while the handler ran is there at once when it returns.  Where samples take longer than their
 * distance (at thousands a second, or on the stack of a fiber that the kernel has to copy) the program would never run
 * another instruction.  Then ticks are held until it had its share of time; the next sample stands for them, too.
 *
 * Context: signal handler on the sampled thread. */
#ifndef SHIM_SAMPLER_TICK_REST_H
#define SHIM_SAMPLER_TICK_REST_H

#include <stdint.h>

struct tick_rest {
    uint64_t ended_ns;   /* the handler's last sample, at this moment */
    uint64_t cost_ns[2]; /* of the last two samples; the other one was perhaps interrupted */
    uint64_t held;       /* ticks that no sample stands for yet */
    int on;
};

/* Whether *TICKS at NOW_NS, mostly DISTANCE_NS apart, are held; else *TICKS takes the held ones in. */
int tick_rest_holds(struct tick_rest *r, uint64_t now_ns, uint64_t distance_ns, uint64_t *ticks);

/* A sample took COST_NS, and the handler ends at NOW_NS. */
void tick_rest_note(struct tick_rest *r, uint64_t cost_ns, uint64_t now_ns);

#endif
