/* functions: one index for each C function.  See record_api.h.
 *
 * A newcomer fills an index of its own completely and then publishes it with one compare-and-swap.
 * Who loses that race puts the index aside for the next newcomer, so races waste none.  An index is
 * never given to another function: one that is forgotten keeps its counts, and goes on with them
 * when its object comes back to the same place (states that are closed unload their C modules, and
 * the next state loads them again).
 *
 * Context: any; lock-free. */
#include "shim/record/probing.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/slots.h"

enum {
    REST_N = 4 * ARENA_FUNCTIONS_MAX, /* never fills: each index is entered at most once */
    TABLE_N = PROBING_BEFORE_REST + REST_N,
    SPARE_N = 64,
    FORGOTTEN = 1 << 30 /* beside the index: its object was unloaded */
};

void *function_original[ARENA_FUNCTIONS_MAX];

static _Atomic uint32_t table[TABLE_N]; /* index + 1, FORGOTTEN or not; 0: end of search */
static _Atomic uint32_t spare[SPARE_N]; /* index + 1 */

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

static uint32_t take_spare(void)
{
    for (int i = 0; i < SPARE_N; i++) {
        if (atomic_load_explicit(&spare[i], memory_order_relaxed)) {
            uint32_t v = atomic_exchange(&spare[i], 0);
            if (v)
                return v - 1;
        }
    }
    return FUNCTION_NONE;
}

static uint32_t take_index(void)
{
    uint32_t index = take_spare();
    if (index != FUNCTION_NONE)
        return index;
    index = atomic_load(&arena->functions_n);
    do
        if (index >= ARENA_FUNCTIONS_MAX || make_room(index))
            return FUNCTION_NONE;
    while (!atomic_compare_exchange_weak(&arena->functions_n, &index, index + 1));
    return index;
}

static void put_aside(uint32_t index)
{
    for (int i = 0; i < SPARE_N; i++) {
        uint32_t none = 0;
        if (atomic_compare_exchange_strong(&spare[i], &none, index + 1))
            return;
    }
    loss_count(LOSS_FUNCTIONS_FULL, 1); /* 64 lost the race at once */
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

/* Whether the forgotten function at INDEX is there again: its object is.  Then it is remembered. */
static int remember(_Atomic uint32_t *slot, uint32_t v, uint32_t index)
{
    const struct arena_function *f = &arena->functions[index];
    if (f->object == UINT16_MAX || object_of(function_original[index]) != f->object)
        return 0;
    atomic_compare_exchange_strong(slot, &v, index + 1); /* or another thread has done so */
    return 1;
}

/* Where ADDRESS stands (returns its index), or could be put (*FREE). */
static uint32_t search(const void *address, _Atomic uint32_t **free)
{
    uint32_t hash = hash_of(address);
    for (uint32_t i = 0;; i++) {
        _Atomic uint32_t *slot = &table[probing_slot(hash, i, REST_N)];
        uint32_t v = atomic_load_explicit(slot, memory_order_acquire);
        if (v == 0) {
            *free = slot;
            return FUNCTION_NONE;
        }
        uint32_t index = (v & ~(uint32_t)FORGOTTEN) - 1;
        if (function_original[index] == address &&
            (likely(!(v & FORGOTTEN)) || remember(slot, v, index)))
            return index;
    }
}

static uint32_t add(const void *address, enum function_kind kind, uint32_t copy, int *is_new)
{
    _Atomic uint32_t *free;
    uint32_t mine = take_index();
    if (mine == FUNCTION_NONE) {
        loss_count(LOSS_FUNCTIONS_FULL, 1);
        return FUNCTION_NONE;
    }
    fill(mine, address, kind, copy);
    for (;;) {
        uint32_t found = search(address, &free), none = 0;
        if (found != FUNCTION_NONE) {
            put_aside(mine);
            return found;
        }
        if (atomic_compare_exchange_strong(free, &none, mine + 1))
            break;
    }
    atomic_fetch_add(&arena->functions[mine].version, 1);
    if (is_new)
        *is_new = 1;
    return mine;
}

uint32_t function_index(const void *address, enum function_kind kind, uint32_t copy, int *is_new)
{
    _Atomic uint32_t *free;
    if (is_new)
        *is_new = 0;
    if (!arena)
        return FUNCTION_NONE;
    uint32_t found = search(address, &free);
    return found != FUNCTION_NONE ? found : add(address, kind, copy, is_new);
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
        uint32_t v = atomic_load(&table[i]);
        if (v == 0 || (v & FORGOTTEN))
            continue;
        uint64_t address = (uint64_t)(uintptr_t)function_original[v - 1];
        if (address >= lo && address < hi)
            atomic_store(&table[i], v | FORGOTTEN);
    }
}
