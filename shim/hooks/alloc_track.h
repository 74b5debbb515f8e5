/* alloc_track: blocks that are followed to their release: sampled ones, and all of them where exact
 * figures are asked for and the block itself can not carry its site.
 *
 * Every release looks at one counter (track_may_hold) and goes on, unless a block that hashes alike
 * is being followed.  A block may have several entries, of different sites, since its growth is
 * sampled by itself.
 *
 * The blocks of an owner may go all at once (track_drop): their entries are passed over from then on, and make place
 * for others where these come by.
 *
 * Context: host threads, signal handlers; lock-free.  Bounded; what does not fit is counted as lost, by
 * the caller.  A block must be taken out before it is given back. */
#ifndef SHIM_HOOKS_ALLOC_TRACK_H
#define SHIM_HOOKS_ALLOC_TRACK_H

#include <stdatomic.h>

#include "shim/platform.h"

/* What an entry stands for: N blocks and BYTES live bytes of SITE. */
struct tracked {
    uint64_t bytes;
    uint32_t site, n;
    float var;      /* KiB^2 */
    uint32_t owner; /* track_owner of whose the block is */
};

/* Lua's blocks and C's are apart, though the same address may be both: a block of C that a host's allocator
 * parcels out. */
enum track_heap { TRACK_LUA = 0, TRACK_C = 1 };

enum { TRACK_FILTER_N = 4096 };
extern SHIM_HIDDEN _Atomic uint16_t track_filter[2][TRACK_FILTER_N];

/* Neighbours share a counter, so that a sweep through the heap stays in few lines of them: the cache is the program's. */
static inline uint32_t track_bucket(const void *p)
{
    return (uint32_t)((uintptr_t)p >> 8) % TRACK_FILTER_N;
}

static inline int track_may_hold(enum track_heap heap, const void *p)
{
    return unlikely(((const uint16_t *)track_filter[heap])[track_bucket(p)] != 0);
}

/* Owners, by their numbers: the upper bits count how often theirs were dropped. */
enum { TRACK_OWNERS = 512 };
extern SHIM_HIDDEN _Atomic uint32_t track_drops[TRACK_OWNERS];

static inline uint32_t track_owner(uint32_t i)
{
    return atomic_load_explicit(&track_drops[i], memory_order_relaxed) * TRACK_OWNERS + i;
}

/* All blocks of the owner I are gone. */
static inline void track_drop(uint32_t i)
{
    atomic_fetch_add(&track_drops[i], 1);
}

/* Makes room for LARGE (hundreds of thousands of blocks) or a few thousands.  Returns how many. */
uint32_t track_start(int large);

/* Adds to what is followed of block P.  Returns 0, or -1: no room. */
int track_add(enum track_heap heap, const void *p, const struct tracked *t);
/* Takes one entry of block P out.  Returns 1, or 0 where there is none left. */
int track_take(enum track_heap heap, const void *p, struct tracked *t);

#endif
