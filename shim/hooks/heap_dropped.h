/* heap_dropped: Lua states whose memory is gone, though nobody closed them.
 *
 * A host may take a state's memory back behind Lua's back: an arena that is emptied after each request, a mapping that is
 * removed.  Such a state has ended all the same, and must neither keep its slot nor be taken for one that came to lie where it was.
 * Told by any of these:
 *  - a new state lies where the old one was;
 *  - a state is given, or gives back, a block that is listed as another state's (alloc_track.h);
 *  - the allocator that it was made with no longer stands in its global_State. The kernel is asked to read it, since it may
 *    not be mapped, but not where the host fenced itself in (seccomp), nor under valgrind.
 * What it held counts as released at the moment at which that was noticed.
 *
 * Context: host threads; nothing of another state than the caller's is read but by the kernel. */
#ifndef SHIM_HOOKS_HEAP_DROPPED_H
#define SHIM_HOOKS_HEAP_DROPPED_H

#include "shim/attach/copy.h"

/* S, of main thread L, was made: what was there before is not there any more. */
void heap_dropped_watch(struct arena_state *s, const lua_State *L);
/* S is about to be closed as it should be. */
void heap_dropped_unwatch(struct arena_state *s);

/* A state is about to be made: looks at a few of those that are open; where there is no slot left, ever
 * more seldom, at all. */
void heap_dropped_make_room(void);
/* The trace is about to end: looks at all. */
void heap_dropped_look_at_all(void);

/* A block of OWNER (alloc_track.h) belongs to another state now. */
void heap_dropped_block(uint32_t owner);

#endif
