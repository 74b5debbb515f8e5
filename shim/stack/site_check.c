/* site_check: see site_check.h. */
#include "shim/stack/site_check.h"

#include "arena/snapshot.h"
#include "shim/record/record_api.h"

enum { FIRST_BYTES = 256 << 10 };

static uint32_t blocks(const struct arena_site *t)
{
    int64_t n = t->inherited_n + (int64_t)(t->alloc_n - t->free_n);
    return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void note(struct arena_site *t)
{
    int64_t live = snapshot_site_live_bytes(t);
    for (int i = ARENA_CHECKS - 1; i > 0; i--) {
        t->check_bytes[i] = t->check_bytes[i - 1];
        t->check_n[i] = t->check_n[i - 1];
    }
    t->check_bytes[0] = live > 0 ? (uint64_t)live : 0;
    t->check_n[0] = blocks(t);
}

static void note_all(struct arena_memory *m, uint64_t made)
{
    uint32_t n = atomic_load(&arena->sites_n);
    for (int i = ARENA_CHECKS - 1; i > 0; i--) {
        m->check_clock[i] = m->check_clock[i - 1];
        m->check_at_ns[i] = m->check_at_ns[i - 1];
    }
    m->check_clock[0] = made;
    m->check_at_ns[0] = now_ns();
    for (uint32_t i = 0; i < n; i++)
        if (atomic_load_explicit(&arena->sites[i].ready, memory_order_acquire))
            note(&arena->sites[i]);
    m->checks_n++;
}

void site_check(void)
{
    if (arena == NULL || arena->memory_used == 0)
        return;
    struct arena_memory *m = &arena->memory;
    uint64_t made = snapshot_lua_made(arena);
    uint64_t next = atomic_load_explicit(&m->next_check, memory_order_relaxed);
    if (made < FIRST_BYTES || made < next ||
        !atomic_compare_exchange_strong(&m->next_check, &next, UINT64_MAX)) /* another's turn */
        return;
    note_all(m, made);
    atomic_store(&m->next_check, 2 * made);
}
