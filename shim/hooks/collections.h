/* collections: what Lua's collector does: collections that are asked for, timed; the ends of cycles, by its phase.
 *
 * In: the redirected lua_gc; the phase, read where an allocation is looked at.  Out: struct arena_gc, gc_cycle records,
 * site_check at the end of whole cycles.
 *
 * Context: the thread that runs the state. */
#ifndef SHIM_HOOKS_COLLECTIONS_H
#define SHIM_HOOKS_COLLECTIONS_H

#include "shim/attach/copy.h"

/* S, of C, was made. */
void collections_begin(struct arena_state *s, const struct lua_copy *c);

/* Has a cycle ended since the last look?  Within an allocator. */
void collections_look(struct arena_state *s);

#endif
