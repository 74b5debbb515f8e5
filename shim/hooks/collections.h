/* collections: what Lua's collector does: its steps and the collections that are asked for, timed; cycles, finalizers.
 *
 * In: the redirected step and call of finalizers (collector_entry.S), the redirected lua_gc; the phase, which where steps are not
 * known is read when an allocation is looked at.  Out: struct arena_gc, gc_cycle records, site_check at the end of whole
 * cycles, the time of cycles to the sites whose blocks they freed.
 *
 * Context: the thread that runs the state. */
#ifndef SHIM_HOOKS_COLLECTIONS_H
#define SHIM_HOOKS_COLLECTIONS_H

#include "shim/attach/copy.h"
#include "shim/hooks/preempted.h"
#include "shim/record/record_api.h"

/* S, of C, was made. */
void collections_begin(struct arena_state *s, const struct lua_copy *c);

/* Has a cycle ended since the last look?  Within an allocator. */
void collections_look(struct arena_state *s);

/* Is a block of T, a site of L, the lane of state S, that is freed now, freed by the collector?  Lua frees objects nowhere else, but when the state is
 * closed.  Parts of tables, stacks and buffers are known to be collected only while it is seen to run, and no finalizer. */
static inline int collections_free(const struct arena_state *s, const struct arena_lane *l,
                                   const struct arena_site *t)
{
    const struct arena_gc *gc = &l->gc;
    int is_object = t->kind >= ALLOC_STRING && t->kind <= ALLOC_PROTO;
    return (gc->open_sp != 0 && gc->finalize_sp == 0) || (is_object && s->close_live_bytes == 0);
}

/* One run of the collector, from its begin to its end, in a frame of that. */
struct collection {
    const struct arena_state *state; /* must be first; NULL: not looked at */
    uint64_t begin_bytes, free_n, free_bytes;
    struct preempted_step time;
};
_Static_assert(sizeof(struct collection) <= 80, "collector_entry.S has room for it");

enum collection_kind {
    COLLECTION_STEP, /* by itself */
    COLLECTION_FULL, /* asked for */
    COLLECTION_CALL, /* asked for: less than a full one */
    COLLECTION_NONE  /* asked for, and refused */
};

/* Begins one of S, unless one is on: then R->state is NULL, and there is nothing to end. */
void collection_begin(struct collection *r, struct arena_state *s);
void collection_end(struct collection *r, struct arena_state *s, enum collection_kind kind);

#endif
