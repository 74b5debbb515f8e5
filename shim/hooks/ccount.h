/* ccount: the counters of C allocation: who pays for a block, and how much is live.
 *
 * CALLER is the return address of the interposed function; the loaded object around it pays.
 * Sizes are usable bytes as the allocator states them; 0 where it can not be asked.
 *
 * Context: any thread, signal handlers; the arena exists.  Calls made while the thread is being
 * registered (which may allocate) go uncounted. */
#ifndef SHIM_HOOKS_CCOUNT_H
#define SHIM_HOOKS_CCOUNT_H

#include <stddef.h>

/* Size of a block of this process's allocator; 0 (ccount_size_unknown) until ccount_sizes_known. */
extern size_t (*ccount_usable)(void *block);
size_t ccount_size_unknown(void *block);
void ccount_sizes_known(size_t (*usable)(void *));

/* N bytes were asked for and USABLE were given; refused: they were not. */
void ccount_alloc(const void *caller, size_t n, size_t usable);
void ccount_refused(const void *caller);
/* Called before the block is given back. */
void ccount_free(const void *caller, size_t usable);
/* A block changed its size, and perhaps its place. */
void ccount_resize(const void *caller, size_t before, size_t after);

#endif
