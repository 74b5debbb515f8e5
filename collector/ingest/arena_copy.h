/* arena_copy: a private copy of an arena that somebody else made, and may still change or cut off.
 *
 * Context: collector. */
#ifndef COLLECTOR_INGEST_ARENA_COPY_H
#define COLLECTOR_INGEST_ARENA_COPY_H

#include "arena/layout.h"
#include "collector/util/err.h"

/* Copies the arena in the regular file FD (holes stay holes).  Read, never mapped: a file that is
 * cut off meanwhile can not raise SIGBUS.  Returns NULL with ERR where FD does not hold an arena of
 * this version.  Only magic, version and size were checked; texts in it end with NUL. The caller
 * frees it with arena_copy_free. */
struct arena *arena_copy_new(int fd, struct err *err);
void arena_copy_free(struct arena *a);

/* Just what the arena says of its process, to OUT.  Returns 0, or -1 with ERR. */
int arena_copy_process(int fd, struct arena_process *out, struct err *err);

#endif
