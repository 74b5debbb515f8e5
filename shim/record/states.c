/* states: slots of Lua states.  See states.h.
 *
 * Context: host threads; a slot is written by the thread that runs its state. */
#include "shim/record/states.h"

#include <string.h>

#include "arena/snapshot.h"
#include "shim/fork_mark.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/ring.h"
#include "shim/record/writer.h"

static int claim(struct arena_state *s)
{
    uint32_t free = 0;
    return atomic_compare_exchange_strong(&s->in_use, &free, 1);
}

static struct arena_state *claim_used_before(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (atomic_load_explicit(&arena->states[i].in_use, memory_order_relaxed) == 0 &&
            claim(&arena->states[i]))
            return &arena->states[i];
    return NULL;
}

static struct arena_state *claim_slot(void)
{
    for (;;) {
        uint32_t n = atomic_load(&arena->states_n);
        struct arena_state *s = claim_used_before(n);
        if (s)
            return s;
        if (n >= ARENA_STATES_MAX || region_reserve(&arena->states[n], sizeof *s))
            return NULL;
        atomic_compare_exchange_strong(&arena->states_n, &n, n + 1);
    }
}

/* What the slot's last state allocated stays in the sum of all. */
static void keep_sums(const struct arena_state *s)
{
    uint64_t n = 0, bytes = s->grow_bytes;
    for (int kind = 0; kind < ALLOC_KIND_N; kind++) {
        n += s->kind_n[kind];
        bytes += s->kind_bytes[kind];
    }
    atomic_fetch_add(&arena->closed_alloc_n, n);
    atomic_fetch_add(&arena->closed_alloc_bytes, bytes);
}

/* A slot keeps in_use, which was set by claiming it, and loses everything else.  Snapshots skip a
 * state without id, so the old id never shows with the new state's zeros. */
static void clear(struct arena_state *s)
{
    __atomic_store_n(&s->id, 0, __ATOMIC_SEQ_CST);
    keep_sums(s);
    memset(s, 0, offsetof(struct arena_state, in_use));
    __atomic_store_n(&s->id, atomic_fetch_add(&arena->states_made, 1) + 1, __ATOMIC_RELEASE);
}

struct arena_state *state_slot_new(void)
{
    if (!arena)
        return NULL;
    fork_mark_look();
    struct arena_state *s = claim_slot();
    if (!s) {
        loss_count(LOSS_STATES_FULL, 1);
        return NULL;
    }
    clear(s);
    writer_begin();
    return s;
}

void state_slot_close(struct arena_state *s)
{
    uint8_t record[SNAPSHOT_STATE_BYTES];
    size_t n = snapshot_gc_encode(arena, (uint32_t)(s - arena->states), record, sizeof record);
    int ok = n == 0 || ring_try_push(record, n) == 0;
    n = snapshot_state_encode(s, record, sizeof record);
    /* No room: the slot waits for the next snapshot. */
    atomic_store(&s->in_use, ok && n && ring_try_push(record, n) == 0 ? 0 : 2);
}

uint64_t states_live_bytes(void)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < atomic_load(&arena->states_n); i++)
        if (atomic_load(&arena->states[i].in_use) == 1)
            sum += arena->states[i].live_bytes;
    return sum;
}
