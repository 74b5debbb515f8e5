/* alloc_draw: which bytes are samples: distances drawn from an exponential distribution, and what a block
 * that was drawn stands for.
 *
 * Context: any; no libm. */
#ifndef SHIM_HOOKS_ALLOC_DRAW_H
#define SHIM_HOOKS_ALLOC_DRAW_H

#include <stdint.h>

/* What one sampled block of some size stands for. */
struct draw {
    uint32_t n;     /* blocks: whole, rounded at random, so that sums are unbiased */
    uint64_t bytes; /* and their bytes */
    float var;      /* variance that it adds to the estimate of bytes, KiB^2 */
};

/* A random distance in bytes with mean INTERVAL, at least 1.  SEED is changed; any value will do. */
uint64_t draw_distance(uint64_t *seed, uint64_t interval);

struct draw draw_weight(uint64_t *seed, uint64_t bytes, uint64_t interval);

/* 1 - exp(-x), for x >= 0, and the natural logarithm of x > 0: to ten digits. */
double draw_hit(double x);
double draw_ln(double x);

#endif
