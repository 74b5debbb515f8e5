/* alloc_exact: sites of states whose every allocation is charged: which one it is, and its counters.
 *
 * A state's sites are written by the thread that runs it, so they are counted without atomic operations.  Calls come
 * behind the state's own counting of the same request (heap_count.h).
 *
 * Context: the thread that runs the state, within its allocator; keeps errno. */
#ifndef SHIM_HOOKS_ALLOC_EXACT_H
#define SHIM_HOOKS_ALLOC_EXACT_H

#include <stddef.h>

#include "arena/layout.h"

/* S is about to be made; was made. */
void alloc_exact_begin(struct arena_state *s);
void alloc_exact_made(const struct arena_state *s);

/* A block of N bytes was made at P.  Its site is noted (alloc_tag.h).  Returns P, so that it can end a request. */
void *alloc_exact_new(struct arena_state *s, void *p, size_t kind, size_t n);

/* A block of SITE (0: not known) changes its size; is about to be given back. */
void alloc_exact_resized(struct arena_state *s, uint32_t site, size_t before, size_t after);
void alloc_exact_gone(struct arena_state *s, const void *p, uint32_t site, size_t n);
/* The same, and gives it back to the C library.  Returns NULL, so that it can end a request. */
void *alloc_exact_free(struct arena_state *s, void *p, uint32_t site, size_t n);

#endif
