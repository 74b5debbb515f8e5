/* chunk_runs: knows the closure of a compiled chunk again.  Context: host threads. */
#include "shim/hooks/chunk_runs.h"

#include <string.h>

enum { SETS = 64, WAYS = 4 };

struct entry {
    _Atomic uintptr_t closure, proto, chunk;
    _Atomic uint32_t name, origin;
    _Atomic uint32_t runs_n;
};

static SHIM_TABLE struct entry entries[SETS][WAYS];
static _Atomic uint32_t added_n;

#define GET(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define SET(field, value) atomic_store_explicit(&(field), (value), memory_order_relaxed)

static uintptr_t proto_of(const struct lua_copy *c, const void *closure)
{
    uintptr_t proto = 0;
    if (c->layout.verified)
        memcpy(&proto, (const char *)closure + c->layout.lclosure_proto, sizeof proto);
    return proto;
}

static struct entry *set_of(const void *closure)
{
    return entries[((uintptr_t)closure * UINT64_C(0x9e3779b97f4a7c15)) >> 58];
}

/* How much an entry is worth keeping: one that was called twice will be called again. */
static int worth(struct entry *e)
{
    if (!GET(e->closure))
        return 0;
    return GET(e->runs_n) > 1 ? 3 : chunk_is_host((enum chunk_origin)GET(e->origin)) ? 2 : 1;
}

/* Its own old place, else the one that is worth least, from TURN on. */
static struct entry *place_for(const void *closure, uint32_t turn)
{
    struct entry *set = set_of(closure), *best = &set[turn % WAYS];
    for (uint32_t i = 0; i < WAYS; i++) {
        struct entry *e = &set[(turn + i) % WAYS];
        if (GET(e->closure) == (uintptr_t)closure)
            return e;
        if (worth(e) < worth(best))
            best = e;
    }
    return best;
}

void chunk_runs_add(struct lua_copy *c, lua_State *L, struct arena_chunk *chunk, uint32_t name,
                    enum chunk_origin origin)
{
    const void *closure = c->api.lua_topointer(L, -1);
    uint32_t turn = atomic_fetch_add_explicit(&added_n, 1, memory_order_relaxed);
    struct entry *e = place_for(closure, turn);
    SET(e->closure, 0);
    SET(e->proto, proto_of(c, closure));
    SET(e->chunk, (uintptr_t)chunk);
    SET(e->name, name);
    SET(e->origin, origin);
    SET(e->runs_n, 0);
    atomic_store_explicit(&e->closure, (uintptr_t)closure, memory_order_release);
}

int chunk_runs_find(struct lua_copy *c, const void *closure, struct chunk_run *r)
{
    struct entry *set = set_of(closure);
    for (int i = 0; i < WAYS; i++) {
        struct entry *e = &set[i];
        if (GET(e->closure) != (uintptr_t)closure)
            continue;
        if (GET(e->proto) != proto_of(c, closure))
            return 0;
        *r = (struct chunk_run){(struct arena_chunk *)GET(e->chunk), GET(e->name),
                                (enum chunk_origin)GET(e->origin)};
        if (!chunk_is_host(r->origin))
            SET(e->closure, 0);
        SET(e->runs_n, GET(e->runs_n) + 1);
        return 1;
    }
    return 0;
}
