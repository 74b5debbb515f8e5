/* alloc_track: see alloc_track.h.
 *
 * Tables of growing size, tried in turn, so that few blocks touch few pages.  A slot's key goes from FREE
 * to BUSY to the block's and back to USED: one that has never been used ends a search. */
#include "shim/hooks/alloc_track.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

enum { FREE = 0, BUSY = 2, USED = 4, LEVELS = 4, PROBES = 16 };

struct entry {
    _Atomic uint64_t key;
    struct tracked t;
};
_Static_assert(sizeof(struct entry) == 32, "two in a cache line");

static const uint32_t level_n[LEVELS] = {256, 4096, 65536, 1 << 20};
static SHIM_TABLE struct entry first[256];
static struct entry *_Atomic level[LEVELS] = {first};
static int levels = 3;

SHIM_TABLE _Atomic uint16_t track_filter[2][TRACK_FILTER_N];
_Atomic uint32_t track_drops[TRACK_OWNERS];

uint32_t track_start(int large)
{
    uint32_t n = 0;
    levels = large ? LEVELS : LEVELS - 1;
    for (int i = 0; i < levels; i++)
        n += level_n[i];
    return n;
}

/* Addresses of programs are below the top bit, and above what stands for an empty slot.  Neighbours may be as near as
 * their allocator likes: jemalloc's and tcmalloc's smallest blocks are 8 bytes apart. */
static uint64_t key_of(enum track_heap heap, const void *p)
{
    return (uint64_t)(uintptr_t)p | (uint64_t)(heap == TRACK_C) << 63;
}

/* The counter of the block that KEY is of. */
static _Atomic uint16_t *filter_of(uint64_t key)
{
    const void *p = (const void *)(uintptr_t)(key & ~(UINT64_C(1) << 63));
    return &track_filter[key >> 63][track_bucket(p)];
}

static uint32_t hash_of(uint64_t key)
{
    return (uint32_t)((key >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* NULL: not to be had. */
static struct entry *table(int i, int make)
{
    struct entry *t = atomic_load_explicit(&level[i], memory_order_acquire), *none = NULL;
    if (likely(t != NULL) || !make)
        return t;
    int saved = errno;
    size_t bytes = level_n[i] * sizeof *t;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    t = p != MAP_FAILED ? p : NULL;
    if (t != NULL && !atomic_compare_exchange_strong(&level[i], &none, t)) {
        munmap(p, bytes);
        t = none;
    }
    errno = saved;
    return t;
}

/* Looked at by whoever comes by, while the slot may become another block's: whose it is then tells claim, by the key. */
static uint32_t owner_of(const struct entry *s)
{
    return __atomic_load_n(&s->t.owner, __ATOMIC_RELAXED);
}

static void fill(struct entry *s, const struct tracked *t)
{
    s->t.bytes = t->bytes;
    s->t.site = t->site;
    s->t.n = t->n;
    s->t.var = t->var;
    __atomic_store_n(&s->t.owner, t->owner, __ATOMIC_RELAXED);
}

static int is_dropped(const struct entry *s)
{
    uint32_t owner = owner_of(s);
    return unlikely(owner != track_owner(owner % TRACK_OWNERS));
}

/* The slot, in which SEEN was seen, becomes ours where it is empty, or its block was dropped. */
static int claim(struct entry *s, uint64_t seen)
{
    int is_empty = seen == FREE || seen == USED;
    if (seen == BUSY || (!is_empty && likely(!is_dropped(s))) ||
        !atomic_compare_exchange_strong(&s->key, &seen, BUSY))
        return 0;
    if (is_empty)
        return 1;
    if (is_dropped(s)) { /* and not the same block's of another owner, who came by since */
        atomic_fetch_sub_explicit(filter_of(seen), 1, memory_order_relaxed);
        return 1;
    }
    atomic_store_explicit(&s->key, seen, memory_order_release);
    return 0;
}

static int add_in(int i, uint64_t key, const struct tracked *t)
{
    struct entry *e = table(i, 1);
    for (uint32_t k = 0; e != NULL && k < PROBES; k++) {
        struct entry *s = &e[(hash_of(key) + k) % level_n[i]];
        if (claim(s, atomic_load_explicit(&s->key, memory_order_acquire))) {
            fill(s, t);
            atomic_store_explicit(&s->key, key, memory_order_release);
            return 1;
        }
    }
    return 0;
}

int track_add(enum track_heap heap, const void *p, const struct tracked *t)
{
    uint64_t key = key_of(heap, p);
    for (int i = 0; i < levels; i++)
        if (add_in(i, key, t)) {
            atomic_fetch_add_explicit(filter_of(key), 1, memory_order_relaxed);
            return 0;
        }
    return -1;
}

/* Only the thread that releases the block comes here with its key. */
static int take_in(int i, uint64_t key, struct tracked *t)
{
    struct entry *e = table(i, 0);
    for (uint32_t k = 0; e != NULL && k < PROBES; k++) {
        struct entry *s = &e[(hash_of(key) + k) % level_n[i]];
        uint64_t seen = atomic_load_explicit(&s->key, memory_order_acquire);
        if (seen == FREE)
            return 0;
        if (seen != key)
            continue;
        if (is_dropped(s)) {
            if (claim(s, key))
                atomic_store_explicit(&s->key, USED, memory_order_release);
            continue;
        }
        *t = s->t;
        atomic_store_explicit(&s->key, USED, memory_order_release);
        return 1;
    }
    return 0;
}

int track_take(enum track_heap heap, const void *p, struct tracked *t)
{
    uint64_t key = key_of(heap, p);
    for (int i = 0; i < levels; i++)
        if (take_in(i, key, t)) {
            atomic_fetch_sub_explicit(filter_of(key), 1, memory_order_relaxed);
            return 1;
        }
    return 0;
}
