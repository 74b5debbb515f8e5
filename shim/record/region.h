/* region: creates and keeps the arena's memory.
 *
 * The arena is a sparse file mapped at one address: without a name in /dev/shm, until the trace
 * begins (writer_begin) and it becomes /dev/shm/modprof.UID.PID.STARTTICKS (mode 0600); or a
 * memfd that is handed to the collector then.  A fork's child has a private copy until its own
 * trace begins.  It stays private memory where no shared memory can be had (a kill then loses
 * what was not drained); the process record's empty arena_path says so.  No descriptor stays
 * open once the trace has begun.
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

/* Lets others find the arena.  FD NULL: gives its file the name that is noted in
 * arena->process.arena_path; else hands out its memfd through *FD, which the caller closes.
 * Where the arena is private, or its descriptor was closed by the host, it first moves, which
 * needs that no other thread uses it.  Returns 0, or -1: nobody will find it. */
int region_share(int *fd);

/* Makes sure that [at, at + n) of the arena may be touched.  Returns 0, or -1 (LOSS_MEMORY is
 * counted).  Any context; keeps errno; a few instructions where it was reserved before. */
int region_reserve(const void *at, size_t n);

/* Some more of each table, where the kernel may not be asked later. */
void region_reserve_ahead(void);

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
