/* tables: the arena's smaller tables: losses, milestones, what is not covered, require() hits,
 * chunks.  See record_api.h.
 *
 * Hits and chunks are appended to the arena in order, so that few pages are touched, and found
 * through private hash tables.  Two threads with the same new key at once may both append it;
 * one entry is found from then on, the other is spare: it stays zero and is not emitted until a new
 * key takes it.
 *
 * Context: any; lock-free. */
#include <errno.h>
#include <string.h>

#include "shim/record/probing.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/spares.h"
#include "shim/record/verbose.h"

enum {
    INDEX_N = 4096,
    TEXTS_REST_N = 8192,
    TEXTS_FULL = TEXTS_REST_N * 3 / 4,
    TEXTS_TRIES = PROBING_FIRST_TRIES + PROBING_SECOND_TRIES + TEXTS_REST_N
};
_Static_assert(INDEX_N >= 2 * ARENA_HITS_MAX && INDEX_N >= 2 * ARENA_CHUNKS_MAX,
               "the tables of keys never fill");

/* ---- sums ---- */

void loss_count(enum loss what, uint64_t n)
{
    if (arena && (unsigned)what < LOSS_N)
        atomic_fetch_add_explicit(&arena->losses[what], n, memory_order_relaxed);
}

uint32_t span_id_new(void)
{
    return arena ? atomic_fetch_add(&arena->span_id, 1) + 1 : 0;
}

void milestone_note(enum milestone what, uint64_t at_ns, uint32_t name)
{
    uint64_t none = 0;
    if (!arena || (unsigned)what >= sizeof arena->milestones / sizeof *arena->milestones)
        return;
    if (__atomic_load_n(&arena->milestones[what], __ATOMIC_RELAXED))
        return;
    arena->milestone_name[what] = name;
    __atomic_compare_exchange_n(&arena->milestones[what], &none, at_ns, 0, __ATOMIC_RELEASE,
                                __ATOMIC_RELAXED);
}

/* Keyed by what, reason and copy: few, and noted when Lua or a library arrives. */
void uncovered_note(const char *what, const char *reason, uint32_t copy_plus_1)
{
    if (!arena)
        return;
    uint32_t w = intern_z(what), r = intern_z(reason), n = atomic_load(&arena->uncovered_n);
    for (uint32_t i = 0; i < n; i++) {
        const struct arena_uncovered *u = &arena->uncovered[i];
        if (u->what == w && u->reason == r && u->copy == copy_plus_1)
            return;
    }
    do
        if (n >= ARENA_UNCOVERED_MAX ||
            region_reserve(&arena->uncovered[n], sizeof arena->uncovered[n]))
            return;
    while (!atomic_compare_exchange_weak(&arena->uncovered_n, &n, n + 1));
    struct arena_uncovered *u = &arena->uncovered[n];
    u->what = w;
    u->reason = r;
    u->copy = copy_plus_1;
    atomic_store(&u->version, 1);
    int saved = errno;
    VERBOSE("not covered: ", what, ": ", reason);
    errno = saved;
}

/* ---- hits ---- */

static SHIM_TABLE _Atomic uint16_t hit_index[INDEX_N]; /* entry + 1 */

static struct spares hit_spares;

/* A new entry's number + 1; 0: there is no room. */
static uint16_t hit_add(uint32_t name)
{
    uint32_t spare = spares_take(&hit_spares);
    uint32_t n = spare ? spare - 1 : atomic_load(&arena->hits_n);
    if (!spare)
        do
            if (n >= ARENA_HITS_MAX || region_reserve(&arena->hits[n], sizeof arena->hits[n])) {
                loss_count(LOSS_HITS_FULL, 1);
                return 0;
            }
        while (!atomic_compare_exchange_weak(&arena->hits_n, &n, n + 1));
    atomic_store(&arena->hits[n].name, name);
    return (uint16_t)(n + 1);
}

struct arena_hit *hit_entry(uint32_t name)
{
    uint16_t mine = 0;
    if (!arena)
        return NULL;
    for (uint32_t i = name * 2654435761u >> 16;; i++) {
        _Atomic uint16_t *slot = &hit_index[i % INDEX_N];
        uint16_t v = atomic_load_explicit(slot, memory_order_acquire);
        if (v == 0) {
            mine = mine ? mine : hit_add(name);
            if (!mine)
                return NULL;
            if (atomic_compare_exchange_strong(slot, &v, mine))
                return &arena->hits[mine - 1];
        }
        if (atomic_load_explicit(&arena->hits[v - 1].name, memory_order_relaxed) == name) {
            if (mine)
                spares_give(&hit_spares, mine);
            return &arena->hits[v - 1];
        }
    }
}

/* ---- chunks ---- */

static SHIM_TABLE _Atomic uint16_t chunk_index[INDEX_N]; /* entry + 1 */

/* The last entries are for chunks that have none of their own, one for each origin, or a few where
 * threads race; their keys are even, those of names odd. */
enum { OTHERS_N = 64 };
static const char others[] = "=(other chunks)";

static uint64_t others_key(enum chunk_origin origin)
{
    return 2 * ((uint64_t)origin + 1);
}

static struct spares chunk_spares;

/* A new entry's number + 1; 0: there is no room. */
static uint16_t chunk_add(uint64_t key, const char *name, size_t length, enum chunk_origin origin)
{
    uint32_t spare = spares_take(&chunk_spares);
    uint32_t n = spare ? spare - 1 : atomic_load(&arena->chunks_n);
    uint32_t max = key % 2 ? ARENA_CHUNKS_MAX - OTHERS_N : ARENA_CHUNKS_MAX;
    if (!spare)
        do
            if (n >= max || region_reserve(&arena->chunks[n], sizeof arena->chunks[n]))
                return 0;
        while (!atomic_compare_exchange_weak(&arena->chunks_n, &n, n + 1));
    struct arena_chunk *c = &arena->chunks[n];
    c->name = intern(name, length);
    c->origin = origin;
    atomic_store_explicit(&c->key, key, memory_order_release);
    return (uint16_t)(n + 1);
}

static struct arena_chunk *chunk_find(uint64_t key, const char *name, size_t length,
                                      enum chunk_origin origin)
{
    uint16_t mine = 0;
    for (uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 40);; i++) {
        _Atomic uint16_t *slot = &chunk_index[i % INDEX_N];
        uint16_t v = atomic_load_explicit(slot, memory_order_acquire);
        if (v == 0) {
            mine = mine ? mine : chunk_add(key, name, length, origin);
            if (!mine)
                return NULL;
            if (atomic_compare_exchange_strong(slot, &v, mine))
                return &arena->chunks[mine - 1];
        }
        if (atomic_load_explicit(&arena->chunks[v - 1].key, memory_order_relaxed) == key) {
            if (mine)
                spares_give(&chunk_spares, mine);
            return &arena->chunks[v - 1];
        }
    }
}

struct arena_chunk *chunk_entry(uint64_t key, const char *name, size_t length,
                                enum chunk_origin origin)
{
    if (!arena)
        return NULL;
    struct arena_chunk *c = chunk_find(key | 1, name, length, origin);
    if (likely(c != NULL) || !arena)
        return c;
    loss_count(LOSS_CHUNKS_FULL, 1);
    return chunk_find(others_key(origin), others, sizeof others - 1, origin);
}

/* ---- texts ---- */

static SHIM_TABLE _Atomic uint64_t texts[PROBING_BEFORE_REST + TEXTS_REST_N];
static _Atomic uint32_t texts_n;

int chunk_text_seen(uint64_t text_hash)
{
    if (text_hash == 0)
        text_hash = 1;
    for (uint32_t i = 0; i < TEXTS_TRIES; i++) {
        _Atomic uint64_t *slot = &texts[probing_slot((uint32_t)(text_hash >> 32), i, TEXTS_REST_N)];
        uint64_t v = atomic_load_explicit(slot, memory_order_relaxed);
        if (v == 0) {
            if (atomic_load(&texts_n) >= TEXTS_FULL) {
                loss_count(LOSS_TEXTS_FULL, 1);
                return 0;
            }
            if (atomic_compare_exchange_strong(slot, &v, text_hash)) {
                atomic_fetch_add(&texts_n, 1);
                return 0;
            }
        }
        if (v == text_hash)
            return 1;
    }
    return 0;
}
