/* site_check: see site_check.h. */
#include "shim/stack/site_check.h"

#include "arena/snapshot.h"
#include "shim/record/record_api.h"

enum {
    FIRST_BYTES = 256 << 10,
    LOOKS = 16,          /* between two checks */
    LATE_OF = 7,         /* looks that are kept are such a part of what was made apart */
    PAST_OF = 16,        /* so are moments of the past */
    PAST_NS = 100 * 1000 /* to ask how much was made reads all states */
};

static uint32_t blocks(const struct arena_site *t)
{
    int64_t n = t->inherited_n + (int64_t)(t->alloc_n - t->free_n);
    return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static uint64_t bytes(const struct arena_site *t)
{
    int64_t live = snapshot_site_live_bytes(t);
    return live > 0 ? (uint64_t)live : 0;
}

static void note(struct arena_site *t)
{
    for (int i = ARENA_CHECKS - 1; i > 0; i--) {
        t->check_bytes[i] = t->check_bytes[i - 1];
        t->fell_bytes[i] = t->fell_bytes[i - 1];
        t->check_n[i] = t->check_n[i - 1];
    }
    t->check_bytes[0] = t->look_bytes = bytes(t);
    t->fell_bytes[0] = 0;
    t->check_n[0] = blocks(t);
}

static void look(struct arena_site *t)
{
    uint64_t now = bytes(t), then = t->check_bytes[0];
    t->look_bytes = now;
    if (now < then && then - now > t->fell_bytes[0])
        t->fell_bytes[0] = then - now;
}

/* So that what an earlier stretch brought can be held against the last one, wherever the program ends. */
static void keep_late(struct arena_site *t)
{
    for (int i = ARENA_LATE - 1; i > 0; i--)
        t->late_bytes[i] = t->late_bytes[i - 1];
    t->late_bytes[0] = t->look_bytes;
}

static void for_sites(void (*what)(struct arena_site *))
{
    uint32_t n = atomic_load(&arena->sites_n);
    for (uint32_t i = 0; i < n; i++)
        if (atomic_load_explicit(&arena->sites[i].ready, memory_order_acquire))
            what(&arena->sites[i]);
}

static void check(struct arena_memory *m, uint64_t made)
{
    for (int i = ARENA_CHECKS - 1; i > 0; i--) {
        m->check_clock[i] = m->check_clock[i - 1];
        m->check_at_ns[i] = m->check_at_ns[i - 1];
    }
    m->check_clock[0] = made;
    m->check_at_ns[0] = now_ns();
    for_sites(note);
    m->checks_n++;
}

/* Behind a look at all sites. */
static void late(struct arena_memory *m, uint64_t made)
{
    if (made < m->late_clock[0] + m->late_clock[0] / LATE_OF)
        return;
    for (int i = ARENA_LATE - 1; i > 0; i--)
        m->late_clock[i] = m->late_clock[i - 1];
    m->late_clock[0] = made;
    for_sites(keep_late);
}

static uint64_t next_look(const struct arena_memory *m, uint64_t made)
{
    uint64_t next = made + m->check_clock[0] / LOOKS, last = 2 * m->check_clock[0];
    return next < last ? next : last;
}

void site_check(void)
{
    if (arena == NULL || arena->memory_used == 0)
        return;
    struct arena_memory *m = &arena->memory;
    uint64_t made = snapshot_lua_made(arena);
    uint64_t next = atomic_load_explicit(&m->next_look, memory_order_relaxed);
    if (made < FIRST_BYTES || made < next ||
        !atomic_compare_exchange_strong(&m->next_look, &next, UINT64_MAX)) /* another's turn */
        return;
    if (made >= 2 * m->check_clock[0])
        check(m, made);
    else
        for_sites(look);
    late(m, made);
    m->look_clock = made;
    m->looks_n++;
    atomic_store(&m->next_look, next_look(m, made));
}

/* ---- what was made by when: needs no collection ---- */

static void keep_past(struct arena_site *t)
{
    for (int i = ARENA_PAST - 1; i > 0; i--)
        t->past_bytes[i] = t->past_bytes[i - 1];
    t->past_bytes[0] = t->alloc_bytes + t->grow_bytes;
}

static void past(struct arena_memory *m, uint64_t made)
{
    for (int i = ARENA_PAST - 1; i > 0; i--)
        m->past_clock[i] = m->past_clock[i - 1];
    m->past_clock[0] = made;
    for_sites(keep_past);
    m->looks_n++;
}

void site_past(uint64_t now)
{
    if (arena == NULL || arena->memory_used == 0)
        return;
    struct arena_memory *m = &arena->memory;
    uint64_t next = atomic_load_explicit(&m->next_past_ns, memory_order_relaxed);
    if (now < next ||
        !atomic_compare_exchange_strong(&m->next_past_ns, &next, UINT64_MAX)) /* another's turn */
        return;
    uint64_t made = snapshot_lua_made(arena), last = m->past_clock[0];
    if (made >= FIRST_BYTES && made >= last + last / PAST_OF)
        past(m, made);
    atomic_store(&m->next_past_ns, now + PAST_NS);
}
