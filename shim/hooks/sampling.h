/* sampling: which calls are timed, and what their times add up to.
 *
 * Every call is counted by a countdown (struct arena_calls); the call at which it is spent is timed.
 * The schedule, per function and thread:
 *   - the first 32 calls are all timed;
 *   - then one call in about count/32, so that the number of timed calls grows with the logarithm
 *     of the count, until one in about 1024.
 * Each period is drawn anew between half of and one and a half times that mean (from a hash of the
 * function, the way and the count), so that neither a pattern in the program's calls nor one countdown and
 * another (pcall and the call that it makes) fall into step.
 *
 * A timed call stands for half of the calls since the timed one before it and half of those until the
 * next: its weight.  sum(weight * duration) then estimates the total time without a bias for
 * functions that get slower or faster, wherever the program happens to stop.  Calls left by an error or a
 * yield are counted but have no duration.  From each duration the measured cost of timing an empty
 * function is taken off; what the timed calls nested in a call cost is not.
 *
 * Three users: calls from Lua into C (down), calls from C into Lua (up), ffi_call (down).
 *
 * Context: host threads; errno is kept. */
#ifndef SHIM_HOOKS_SAMPLING_H
#define SHIM_HOOKS_SAMPLING_H

#include "shim/hooks/preempted.h"
#include "shim/record/record_api.h"

enum {
    SAMPLING_UNTIMED = 0,
    SAMPLING_ALL_N = 32,
    SAMPLING_PERIOD_MAX = 1024,
    SAMPLING_WATCHED_2 = 2 * 8
};

/* Calls from one timed call to the next, after COUNT calls of the function at INDEX that way. */
uint32_t sampling_period(uint64_t count, uint32_t index, uint32_t what);

/* Ends the running period of a countdown and begins the next, of NEXT calls.  The exact count is the
 * same before, after and, through fix_*, at every instruction in between.  WHAT: ARENA_FIX_DOWN
 * or ARENA_FIX_UP.  Returns the calls counted in the period that ended. */
uint32_t sampling_rearm(struct arena_thread *t, uint32_t index, uint32_t what, uint32_t next);

/* The same with a period by the schedule; returns twice the weight of this call, at least 2.  While waiting is charged (MODPROF_WALL)
 * all calls from Lua into C come by: SAMPLING_UNTIMED where this one is not among those to be timed. */
uint32_t sampling_next(struct arena_thread *t, uint32_t index, uint32_t what);

/* Whether calls of K took long so far: then to watch one costs little beside them. */
static inline int sampling_is_long(const struct arena_calls *k, uint32_t what)
{
    enum { LONG_NS = 200 };
    return what == ARENA_FIX_DOWN ? k->down_ns > k->down_base * LONG_NS
                                  : k->up_ns > k->up_base * LONG_NS;
}

/* Begins to time a call of the function at INDEX that stands for WEIGHT_2 / 2: the moment, for sampling_end.  A
 * call that never returns leaves unseen_return_n raised. */
static inline uint64_t sampling_begin(struct arena_thread *t, uint32_t index, uint32_t what,
                                      uint32_t weight_2)
{
    t->unseen_return_n++;
    if (weight_2 < SAMPLING_WATCHED_2)
        return now_ns() & ~(uint64_t)PREEMPTED_HOW;
    return sampling_is_long(&t->calls[index], what) ? preempted_begin() : preempted_begin_by_lot();
}

/* The timed call returned at END: adds it up, and gives the writer its chance. */
void sampling_end(uint32_t index, uint32_t what, uint32_t weight_2, uint64_t begin, uint64_t end);

/* Adds one timed call to its sums. */
void sampling_add(struct arena_calls *k, uint32_t what, uint32_t weight_2, uint64_t ns);

/* This thread's slot, registered if need be, or NULL where calls can not be counted. */
struct arena_thread *sampling_slot(void);

#endif
