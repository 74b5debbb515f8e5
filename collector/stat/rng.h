/* rng: random numbers with a seed, the same on every machine (splitmix64).  Not for secrets. */
#ifndef COLLECTOR_STAT_RNG_H
#define COLLECTOR_STAT_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 .. n-1, n > 0 and below 2^32. */
static inline size_t rng_below(struct rng *r, size_t n)
{
    return (size_t)((rng_next(r) >> 32) * n >> 32);
}

#endif
