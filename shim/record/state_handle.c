/* state_handle: what a state's copy of Lua is given as the data of its allocator (record_api.h has the calls).
 *
 * Slots are used again at once; handles in turn, each only when all others were: a state that has ended may come back, since hosts put
 * memory back as it was (an arena that is copied away while another state runs in it).  What it asks for then still
 * reaches the host's allocator.
 *
 * Context: host threads. */
#include "shim/record/record_api.h"

enum { HANDLES = 1 << 16 };
_Static_assert((int)HANDLES > (int)ARENA_STATES_MAX, "there is one that is free");

static SHIM_TABLE struct state_handle handles[HANDLES];
static _Atomic uint32_t turn;

/* Not the begin of a state's slot: one that nothing is counted in. */
struct arena_state state_ended;

static int claim(struct state_handle *h, struct arena_state *s)
{
    struct arena_state *now = atomic_load(&h->state);
    return (now == NULL || now == &state_ended) &&
           atomic_compare_exchange_strong(&h->state, &now, s);
}

struct state_handle *state_handle_new(struct arena_state *s)
{
    struct state_handle *h;
    do
        h = &handles[atomic_fetch_add(&turn, 1) % HANDLES];
    while (!claim(h, s));
    h->came_back = 0;
    s->handle = (uintptr_t)h;
    return h;
}

void state_handle_end(const struct arena_state *s)
{
    struct state_handle *h = (struct state_handle *)(uintptr_t)s->handle;
    h->host_alloc = s->host_alloc;
    h->host_ud = s->host_ud;
    atomic_store_explicit(&h->state, &state_ended, memory_order_release);
}

struct arena_state *state_of_handle(const void *ud)
{
    uintptr_t at = (uintptr_t)ud - (uintptr_t)handles;
    if (at >= sizeof handles)
        return NULL;
    struct arena_state *s = atomic_load(&((const struct state_handle *)ud)->state);
    return s != &state_ended ? s : NULL;
}
