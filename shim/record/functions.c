/* functions: one index for each C function.  See record_api.h.
 *
 * An address first claims an entry, with one compare-and-swap; then whoever needs it decides what it
 * gets: an index, or none for ever, with another.  So an address that was refused once stays refused,
 * whatever other threads do at that moment: the host's functions must not begin to differ from
 * themselves.  Who loses the second race puts the index aside for the next newcomer.
 *
 * An index is never given to another function: one that is forgotten keeps its counts, and goes on
 * with them when its object comes back to the same place (states that are closed unload their C
 * modules, and the next state loads them again).
 *
 * Context: any; lock-free. */
#include "shim/record/probing.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/slots.h"
#include "shim/record/spares.h"

enum {
    REST_N = 4 * ARENA_FUNCTIONS_MAX,
    TABLE_N = PROBING_BEFORE_REST + REST_N,
    TRIES_MAX = 160, /* then it is refused, like everything that finds no entry */
    REFUSED = 1 << 29,
    FORGOTTEN = 1 << 30 /* beside the index: its object was unloaded */
};

/* Never freed and never given to another address. */
struct entry {
    _Atomic uintptr_t address; /* 0: free */
    _Atomic uint32_t verdict;  /* 0: not yet decided; index + 1, FORGOTTEN or not; REFUSED */
};

SHIM_TABLE void *function_original[ARENA_FUNCTIONS_MAX];

static SHIM_TABLE struct entry table[TABLE_N];
static struct spares spares;

static uint32_t hash_of(const void *address)
{
    return (uint32_t)((uint64_t)(uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}

/* ---- indexes ---- */

static int make_room(uint32_t index)
{
    return slots_grow_functions(index) ||
           region_reserve(&arena->functions[index], sizeof arena->functions[index]);
}

static uint32_t take_index(void)
{
    uint32_t spare = spares_take(&spares), index;
    if (spare)
        return spare - 1;
    index = atomic_load(&arena->functions_n);
    do
        if (index >= ARENA_FUNCTIONS_MAX || make_room(index))
            return FUNCTION_NONE;
    while (!atomic_compare_exchange_weak(&arena->functions_n, &index, index + 1));
    return index;
}

static void put_aside(uint32_t index)
{
    if (spares_give(&spares, index + 1))
        loss_count(LOSS_FUNCTIONS_FULL, 1);
}

static void fill(uint32_t index, const void *address, enum function_kind kind, uint32_t copy)
{
    struct arena_function *f = &arena->functions[index];
    f->address = (uint64_t)(uintptr_t)address;
    f->object = (uint16_t)object_of(address); /* -1: UINT16_MAX */
    f->copy = (uint16_t)copy;
    f->kind = kind;
    function_original[index] = (void *)(uintptr_t)address;
}

/* ---- the table ---- */

/* Whether the function of E is there, though it was forgotten (VERDICT says so): its object is back.
 * Then it is remembered. */
static int remember(struct entry *e, uint32_t verdict)
{
    uint32_t index = (verdict & ~(uint32_t)FORGOTTEN) - 1;
    const struct arena_function *f = &arena->functions[index];
    if (f->object == UINT16_MAX || object_of(function_original[index]) != f->object)
        return 0;
    atomic_compare_exchange_strong(&e->verdict, &verdict, index + 1); /* or another thread did */
    return 1;
}

/* The entry of ADDRESS, claimed now if it has none; NULL where there is no room near its place,
 * which stays so. */
static struct entry *entry_of(const void *address)
{
    uint32_t hash = hash_of(address);
    for (uint32_t i = 0; i < TRIES_MAX; i++) {
        struct entry *e = &table[probing_slot(hash, i, REST_N)];
        uintptr_t at = atomic_load_explicit(&e->address, memory_order_relaxed);
        if (at == 0 && atomic_compare_exchange_strong(&e->address, &at, (uintptr_t)address))
            return e;
        if (at != (uintptr_t)address)
            continue;
        uint32_t verdict = atomic_load_explicit(&e->verdict, memory_order_acquire);
        if (likely(!(verdict & FORGOTTEN)) || remember(e, verdict))
            return e;
    }
    return NULL;
}

/* Gives the function of E an index, or refuses it, unless another thread comes first. */
static uint32_t decide(struct entry *e, enum function_kind kind, uint32_t copy, int *is_new)
{
    uint32_t mine = take_index(), verdict = 0;
    if (mine != FUNCTION_NONE)
        fill(mine, (const void *)atomic_load(&e->address), kind, copy);
    if (!atomic_compare_exchange_strong(&e->verdict, &verdict,
                                        mine == FUNCTION_NONE ? REFUSED : mine + 1)) {
        if (mine != FUNCTION_NONE)
            put_aside(mine);
        return verdict;
    }
    if (mine == FUNCTION_NONE)
        return REFUSED;
    atomic_fetch_add(&arena->functions[mine].version, 1);
    if (is_new)
        *is_new = 1;
    return mine + 1;
}

uint32_t function_index(const void *address, enum function_kind kind, uint32_t copy, int *is_new)
{
    if (is_new)
        *is_new = 0;
    if (!arena)
        return FUNCTION_NONE;
    struct entry *e = entry_of(address);
    uint32_t verdict = e ? atomic_load_explicit(&e->verdict, memory_order_acquire) : REFUSED;
    if (unlikely(verdict == 0))
        verdict = decide(e, kind, copy, is_new);
    if (unlikely(verdict == REFUSED)) {
        loss_count(LOSS_FUNCTIONS_FULL, 1);
        return FUNCTION_NONE;
    }
    return (verdict & ~(uint32_t)FORGOTTEN) - 1;
}

void function_name(uint32_t index, uint32_t name, uint32_t module, uint32_t type_name)
{
    if (index >= ARENA_FUNCTIONS_MAX)
        return;
    struct arena_function *f = &arena->functions[index];
    if (name)
        atomic_store(&f->name, name);
    if (module)
        atomic_store(&f->module, module);
    if (type_name)
        atomic_store(&f->type_name, type_name);
    atomic_fetch_add(&f->version, 1);
}

void function_forget(uint64_t lo, uint64_t hi)
{
    for (uint32_t i = 0; i < TABLE_N; i++) {
        uint64_t address = atomic_load_explicit(&table[i].address, memory_order_relaxed);
        if (address < lo || address >= hi)
            continue;
        uint32_t verdict = atomic_load(&table[i].verdict);
        if (verdict && !(verdict & (REFUSED | FORGOTTEN)))
            atomic_store(&table[i].verdict, verdict | FORGOTTEN);
    }
}
