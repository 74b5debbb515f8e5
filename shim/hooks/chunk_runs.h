/* chunk_runs: chunks that were compiled and may be called: knows a chunk's closure again when C
 * calls it, so that its runs can be counted and timed.
 *
 * A small table of closures (no references: Lua may collect them).  A closure's address may be
 * used again by another function, so its prototype is compared too, where the layout is known.
 * A chunk of the host's stays until newer ones take its place, any other until it was called once.
 *
 * Context: host threads.  Threads may share the table: a torn entry matches nothing. */
#ifndef SHIM_HOOKS_CHUNK_RUNS_H
#define SHIM_HOOKS_CHUNK_RUNS_H

#include "shim/attach/copy.h"
#include "shim/record/record_api.h"

/* The closure at the top of L is CHUNK (may be NULL: its table was full), called NAME. */
void chunk_runs_add(struct lua_copy *c, lua_State *L, struct arena_chunk *chunk, uint32_t name,
                    enum chunk_origin origin);

struct chunk_run {
    struct arena_chunk *chunk; /* NULL: table full */
    uint32_t name;
    enum chunk_origin origin;
};

/* 1 where CLOSURE is such a chunk, which is then in R. */
int chunk_runs_find(struct lua_copy *c, const void *closure, struct chunk_run *r);

/* 1 for chunks of the host's own. */
static inline int chunk_is_host(enum chunk_origin origin)
{
    return origin == CHUNK_HOST || origin == CHUNK_FILE;
}

/* The first runs of a chunk are all timed, then about one in CHUNK_RUNS_EVERY, spread evenly. */
enum { CHUNK_RUNS_ALL = 1024, CHUNK_RUNS_EVERY = 64 };

/* Counts a run.  Returns for how many runs its time stands, 0: it needs not be timed. */
static inline uint32_t chunk_run_begun(const struct chunk_run *r)
{
    if (!r->chunk)
        return 1;
    uint64_t n = atomic_fetch_add_explicit(&r->chunk->run_n, 1, memory_order_relaxed);
    if (likely(n < CHUNK_RUNS_ALL))
        return 1;
    return n * UINT64_C(0x9e3779b97f4a7c15) >> 58 == 0 ? CHUNK_RUNS_EVERY : 0;
}

static inline void chunk_run_returned(const struct chunk_run *r, uint64_t ns)
{
    if (r->chunk)
        atomic_fetch_add_explicit(&r->chunk->run_ns, ns, memory_order_relaxed);
}

#endif
