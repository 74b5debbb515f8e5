/* alloc_pace: a bound on how often samples of allocation are drawn, for programs that make gigabytes of large blocks a second.
 *
 * The mean distance of samples doubles while they come faster than that, and halves again when they no longer do.  Which distance
 * a countdown begins with depends only on what was before, and each sample is weighted by the one that it was drawn with, so
 * estimates stay unbiased and their errors true.
 *
 * Context: any; each pace is used by one thread at a time. */
#ifndef SHIM_HOOKS_ALLOC_PACE_H
#define SHIM_HOOKS_ALLOC_PACE_H

#include <stdint.h>

struct alloc_pace {
    uint64_t interval; /* mean distance of samples, bytes; 0: that which was asked for */
    uint64_t begin_ns; /* when the samples that are counted began */
    uint32_t n;
};

/* What a countdown begins with, and is weighted by, where LEAST was asked for. */
static inline uint64_t alloc_pace_interval(const struct alloc_pace *p, uint64_t least)
{
    return p->interval > least ? p->interval : least;
}

/* A sample was drawn at NOW; LEAST is the distance that was asked for.  Returns the distance from now on. */
uint64_t alloc_pace_next(struct alloc_pace *p, uint64_t now, uint64_t least);

#endif
