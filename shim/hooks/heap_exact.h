/* heap_exact: the allocator of states whose every block is charged to its site (MODPROF_ALLOC=exact).
 *
 * The number of a block's site stands in a few bytes behind the block (a tag), where the host's allocator is proven to be
 * nothing but realloc and free: these are called in its place, with so much more.  Lua says the size of each
 * block that it resizes or frees, so the tag is found without any table.  Elsewhere (a host's own
 * allocator, which must see what Lua asks for and no more; MODPROF_ALLOC=no-tag) it stands in
 * the table of alloc_track.h.
 *
 * The allocator may be changed at any time: where a block's number stands, alloc_tag.h says.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_HEAP_EXACT_H
#define SHIM_HOOKS_HEAP_EXACT_H

#include "arena/layout.h"
#include "shim/platform.h"

/* S, whose first block was not asked for yet, has the host's allocator from now on; as does, later, one
 * whose host has set another one. */
void heap_exact_begin(struct arena_state *s);

/* A lua_Alloc; UD: a state_handle. */
void *heap_exact_alloc(void *ud, void *ptr, size_t osize, size_t nsize);

#endif
