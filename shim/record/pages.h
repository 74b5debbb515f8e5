/* pages: which pages of the arena may be touched: a bit for each.
 *
 * Context: any; lock-free. */
#ifndef SHIM_RECORD_PAGES_H
#define SHIM_RECORD_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "arena/layout.h"

enum { PAGE_BYTES = 4096, PAGES_N = (int)((sizeof(struct arena) + PAGE_BYTES - 1) / PAGE_BYTES) };

/* 1 where all pages of [from, to) (page numbers) are held. */
int pages_held(size_t from, size_t to);
void pages_hold(size_t from, size_t to);
size_t pages_held_n(void);

/* The next run of held pages at or behind *FROM: sets *FROM and *TO; returns 0 where there is
 * none. */
int pages_run(size_t *from, size_t *to);

/* Makes the kernel provide the pages of [at, at + n), writable, without changing what is in them.
 * Returns 0, or -1 where there is no memory: the error that a touch would raise as SIGBUS.  */
int pages_provide(void *at, size_t n);

#endif
