/* tick_pace: how far apart the ticks of a thread's event are, and what each stands for.
 *
 * Ticks at a fixed distance see of a program whose rounds are in step with them one part only, however many there are.  So the
 * distance is drawn anew after each TICK_PACE_RUN ticks, evenly between half of the mean and one and a half times that: in a round as
 * long as the mean, or as a whole part of it, any two ticks then fall independently of each other, also two of one
 * run (k times such a distance is spread over k whole rounds).
 *
 * A tick stands for the CPU time since the one before it, in units of which the mean distance has TICK_UNITS; what is less than a unit
 * is carried on.  So all of them together stand for the time that the thread ran, whatever was drawn.
 *
 * Timers go by the kernel's own ticks, whose moments can not be chosen: each stands for whole means.
 *
 * Context: signal handler on the sampled thread.  Pure. */
#ifndef SHIM_SAMPLER_TICK_PACE_H
#define SHIM_SAMPLER_TICK_PACE_H

#include <stdint.h>

enum {
    TICK_UNITS = 16,
    /* To draw anew costs 10 us in a virtual machine that takes 54 for a tick. */
    TICK_PACE_RUN = 8
};

/* A zeroed one is a timer's. */
struct tick_pace {
    uint64_t distance_ns; /* of ticks; 0: a timer's */
    uint64_t began_ns;    /* the thread's CPU time when this distance began */
    uint64_t carried_ns;  /* that no tick stood for yet */
    uint64_t seed;        /* any */
    uint32_t ticks;       /* at this distance */
};

/* A distance for ticks that are to be UNIT_NS * TICK_UNITS apart on average. */
uint64_t tick_pace_draw(struct tick_pace *p, uint64_t unit_ns);

/* From CPU time NOW_NS on ticks come each DISTANCE_NS. */
void tick_pace_begin(struct tick_pace *p, uint64_t distance_ns, uint64_t now_ns);

/* The units of UNIT_NS that TICKS which fell due stand for. */
uint64_t tick_pace_units(struct tick_pace *p, uint64_t ticks, uint64_t unit_ns);

/* 1: another distance is to be drawn; asked again only after as many ticks more. */
int tick_pace_is_due(struct tick_pace *p);

#endif
