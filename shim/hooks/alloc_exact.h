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

/* Bytes behind a block that carries the number of its site. */
enum { ALLOC_TAG_BYTES = 4 };

/* S is about to be made; was made. */
void alloc_exact_begin(const struct arena_state *s);
void alloc_exact_made(const struct arena_state *s);

/* A block of N bytes was made at P.  Returns its site, or 0: it could not be charged. */
uint32_t alloc_exact_new(struct arena_state *s, const void *p, unsigned kind, size_t n);

/* A block of SITE (0: not known) changes its size; is about to be given back. */
void alloc_exact_resized(struct arena_state *s, uint32_t site, size_t before, size_t after);
void alloc_exact_gone(struct arena_state *s, const void *p, uint32_t site, size_t n);

#endif
