/* region: creates and keeps the arena's memory.
 *
 * The arena begins as private memory.  When the trace begins (writer_begin) it moves, at the
 * same address, into a sparse file /dev/shm/modprof.UID.PID.STARTTICKS (mode 0600, O_EXCL,
 * O_NOFOLLOW), or into a memfd that is handed to the collector.  It stays private where neither
 * can be had (a kill then loses what was not drained); the process record's empty arena_path
 * says so.  No descriptor stays open.
 *
 * Every part of the arena is reserved (region_reserve) before it is first touched: a full
 * /dev/shm then is an error here, never a SIGBUS in the host.  The pages reserved are also what
 * a move or a fork copies. */
#ifndef SHIM_RECORD_REGION_H
#define SHIM_RECORD_REGION_H

#include <stddef.h>
#include <stdint.h>

/* Maps and initialises the arena; sets `arena`.  Returns 0, or -1: the process stays dormant.
 * Constructor or loader callback, once. */
int region_create(void);

/* Moves the arena into shared memory.  FD NULL: into a file whose name is noted in
 * arena->process.arena_path; else into a memfd, returned through *FD, which the caller closes.
 * Returns 0, or -1: the arena is private as before.  Only while no thread but the caller uses
 * it. */
int region_share(int *fd);

/* Makes sure that [at, at + n) of the arena may be touched.  Returns 0, or -1 (LOSS_MEMORY is
 * counted).  Any context; keeps errno; a few instructions where it was reserved before. */
int region_reserve(const void *at, size_t n);

/* Bytes reserved so far. */
uint64_t region_bytes(void);

/* In a fork's child, before anything else: replaces the shared mapping by one of the child's own
 * at the same address, restarted (snapshot_restart).  Async-signal-safe.  Returns 0, or -1 where
 * the copy could not be made: child and parent then go on counting in the same memory (it holds the
 * allocators of the states, so it can not be taken away), and the child must not write a trace. */
int region_fork_child(void);

/* Removes the arena's file; the mapping stays, as ordinary memory, since thunks still count in
 * it. */
void region_remove(void);

#endif
