/* alloc_draw: see alloc_draw.h. */
#include "shim/hooks/alloc_draw.h"

#include <string.h>

#define LN2 0.69314718055994530942

/* xorshift64*; the multiplication also mixes the first values of a small seed. */
static uint64_t next(uint64_t *seed)
{
    uint64_t x = *seed ? *seed : UINT64_C(0x2545f4914f6cdd1d);
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *seed = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* In (0, 1]. */
static double uniform(uint64_t *seed)
{
    return ((double)(next(seed) >> 11) + 1) / 9007199254740992.0;
}

/* x = m * 2^e with m in [1, 2); ln m by its series in (m - 1) / (m + 1), which is at most 1/3. */
double draw_ln(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int e = (int)(bits >> 52) - 1023;
    bits = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(0x3ff0000000000000);
    memcpy(&x, &bits, sizeof x);
    double t = (x - 1) / (x + 1), t2 = t * t, sum = 0;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * t2 + 1.0 / k;
    return e * LN2 + 2 * t * sum;
}

/* x = k ln 2 + r: exp(-x) = 2^-k exp(-r). */
double draw_hit(double x)
{
    if (x > 40)
        return 1;
    int k = x < 0.5 ? 0 : (int)(x / LN2);
    double r = x - k * LN2, sum = 0; /* 1 - exp(-r) = r (1 - r/2 (1 - r/3 (...))) */
    for (int i = 18; i >= 2; i--)
        sum = r / i * (1 - sum);
    double hit = r * (1 - sum);
    for (; k > 0; k--)
        hit = (1 + hit) / 2; /* 1 - exp(-r) / 2 */
    return hit;
}

uint64_t draw_distance(uint64_t *seed, uint64_t interval)
{
    double d = -draw_ln(uniform(seed)) * (double)interval;
    return d < 1 ? 1 : (uint64_t)d;
}

static uint32_t round_at_random(uint64_t *seed, double v)
{
    uint32_t whole = v < 4e9 ? (uint32_t)v : UINT32_C(4000000000);
    return whole + (uniform(seed) < v - whole);
}

struct draw draw_weight(uint64_t *seed, uint64_t bytes, uint64_t interval)
{
    double p = draw_hit((double)bytes / (double)interval);
    double weight = bytes ? 1 / p : 1, kib = (double)bytes * weight / 1024;
    struct draw d = {round_at_random(seed, weight), (uint64_t)((double)bytes * weight + 0.5),
                     (float)((1 - p) * kib * kib)};
    return d;
}
