/* site_table: see site_table.h.
 *
 * An index of ids by hash, in private memory (a fork's child has it too), points into the arena's table,
 * as that of nodes does.  The last entries of the table are for the overflow sites of the lanes, an eighth in front of them for
 * what found no room with all of its callers. */
#include "shim/stack/site_table.h"

#include <string.h>

#include "arena/snapshot.h"
#include "shim/record/region.h"
#include "shim/stack/nodes.h"

enum {
    PROBES_MAX = 64,
    SLOTS = 2 * ARENA_SITES_MAX,
    SLOTS_SMALL = 1024,
    PROBES_SMALL = 8,
    CUT_PART = 8
};

static SHIM_TABLE _Atomic uint32_t slot_small[SLOTS_SMALL], slot_large[SLOTS];
static uint32_t normal_max; /* sites that are no overflow sites */
static uint32_t whole_max;  /* of these, sites with all of their callers */

int sites_start(uint32_t max)
{
    if (region_reserve(&arena->sampler, sizeof arena->sampler + 64) ||
        region_reserve(&arena->memory, sizeof arena->memory + 64))
        return -1;
    uint32_t room = ARENA_SITES_MAX - ARENA_LANES;
    normal_max = max < room ? max : room;
    whole_max = normal_max - normal_max / CUT_PART;
    arena->memory.sites_max = normal_max;
    __atomic_store_n(&arena->sampler_used, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&arena->memory_used, 1, __ATOMIC_RELEASE);
    return 0;
}

int site_lane_ready(uint32_t lane)
{
    return region_reserve(&arena->lanes[lane], sizeof arena->lanes[lane]);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

static uint64_t hash_of(const struct site_key *k)
{
    return mix(mix((uint64_t)k->lua << 32 | k->native) + mix(k->object) +
               ((uint64_t)k->lane << 16 | (uint64_t)k->heap << 8 | k->kind));
}

static int same(const struct arena_site *t, const struct site_key *k)
{
    return t->lua == k->lua && t->native == k->native && t->object == k->object &&
           t->lane == k->lane && t->heap == k->heap && t->kind == k->kind && !t->flags;
}

static uint32_t take(uint32_t max)
{
    uint32_t i = atomic_load(&arena->sites_n);
    do {
        if (i >= max || region_reserve(&arena->sites[i], sizeof arena->sites[i]))
            return 0;
    } while (!atomic_compare_exchange_weak(&arena->sites_n, &i, i + 1));
    return i + 1;
}

static uint32_t add(const struct site_key *k, uint32_t max, uint32_t flags)
{
    uint32_t id = take(max);
    if (id == 0)
        return 0;
    struct arena_site *t = site_at(id);
    const struct arena_lane *l = &arena->lanes[k->lane];
    t->lua = k->lua;
    t->native = k->native;
    t->object = k->object;
    t->lane = k->lane;
    t->heap = k->heap;
    t->kind = k->kind;
    t->flags = flags;
    t->epoch = l->epoch;
    t->peak_epoch = l->peak_epoch;
    t->full_epoch = l->full_epoch;
    atomic_store_explicit(&t->ready, 1, memory_order_release);
    return id;
}

/* ---- look-up ---- */

/* Where there is room for a site, and whether there was. */
struct room {
    uint32_t max;
    int full;
};

/* The id in SLOT, put there where it was empty; 0: another site's, or there is no room. */
static inline uint32_t try_slot(_Atomic uint32_t *slot, const struct site_key *k, struct room *r)
{
    uint32_t id = atomic_load_explicit(slot, memory_order_acquire);
    if (id == 0) {
        uint32_t mine = add(k, r->max, 0);
        if (mine == 0)
            r->full = 1;
        if (mine == 0 || atomic_compare_exchange_strong(slot, &id, mine))
            return mine;
    }
    return same(site_at(id), k) ? id : 0;
}

static uint32_t look_up(const struct site_key *k, uint32_t max)
{
    uint64_t h = hash_of(k);
    uint32_t id = 0;
    struct room r = {max, 0};
    for (uint32_t i = 0; i < PROBES_SMALL && id == 0 && !r.full; i++)
        id = try_slot(&slot_small[(h + i) % SLOTS_SMALL], k, &r);
    for (uint32_t i = 0; i < PROBES_MAX && id == 0 && !r.full; i++)
        id = try_slot(&slot_large[((h >> 20) + i) % SLOTS], k, &r);
    return id;
}

/* ---- overflow ---- */

static _Atomic uint32_t overflow_of[ARENA_LANES];

static uint32_t overflow_site(const struct site_key *k)
{
    struct site_key rest = {.lane = k->lane, .heap = k->heap};
    uint32_t id = atomic_load(&overflow_of[k->lane]), none = 0;
    if (id != 0)
        return id;
    id = add(&rest, ARENA_SITES_MAX, SITE_OVERFLOW);
    return atomic_compare_exchange_strong(&overflow_of[k->lane], &none, id) ? id : none;
}

/* Its line, without the callers; where there is no room for that, what stands for all the rest. */
static COLD uint32_t overflow(const struct site_key *k)
{
    struct site_key line = *k;
    loss_count(LOSS_SITES_FULL, 1);
    line.lua = node_cut(k->lua);
    line.native = node_cut(k->native);
    uint32_t id = look_up(&line, normal_max);
    return id != 0 ? id : overflow_site(k);
}

uint32_t site_intern(const struct site_key *k)
{
    uint32_t id = look_up(k, whole_max);
    return likely(id != 0) ? id : overflow(k);
}

/* ---- what lived when ---- */

static int64_t live_n(const struct arena_site *t)
{
    return t->inherited_n + (int64_t)(t->alloc_n - t->free_n);
}

COLD void site_note(struct arena_site *t, const struct arena_lane *l)
{
    if (t->peak_epoch != l->peak_epoch) {
        t->peak_n = live_n(t);
        t->peak_bytes = snapshot_site_live_bytes(t);
        t->peak_epoch = l->peak_epoch;
    }
    if (t->full_epoch != l->full_epoch) {
        t->full_n = live_n(t);
        t->full_bytes = snapshot_site_live_bytes(t);
        t->full_epoch = l->full_epoch;
    }
    t->epoch = l->epoch;
}

/* The next site of the lane, from the I-th one on; NULL: there is none. */
static struct arena_site *next_of(uint16_t lane, uint32_t *i)
{
    uint32_t n = atomic_load(&arena->sites_n);
    while (*i < n) {
        struct arena_site *t = &arena->sites[(*i)++];
        if (atomic_load_explicit(&t->ready, memory_order_acquire) && t->lane == lane)
            return t;
    }
    return NULL;
}

void lane_close(uint16_t lane)
{
    struct arena_site *t;
    for (uint32_t i = 0; (t = next_of(lane, &i)) != NULL;) {
        t->close_n += live_n(t);
        t->close_bytes += snapshot_site_live_bytes(t);
    }
}

void lane_drop(uint16_t lane)
{
    struct arena_lane *l = &arena->lanes[lane];
    struct arena_site *t;
    for (uint32_t i = 0; (t = next_of(lane, &i)) != NULL;) {
        uint64_t n = (uint64_t)live_n(t), bytes = (uint64_t)snapshot_site_live_bytes(t);
        site_touch(t, l);
        t->free_n += n;
        t->free_bytes += bytes;
        t->hand_free_n += n;
        t->hand_free_bytes += bytes;
        t->live_var = 0;
    }
    memset(l->kind_live, 0, sizeof l->kind_live);
}
