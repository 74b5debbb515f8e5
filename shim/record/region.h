/* region: creates and keeps the arena's memory.
 *
 * The arena is a sparse file /dev/shm/modprof.UID.PID.STARTTICKS (mode 0600, O_EXCL, O_NOFOLLOW),
 * or a memfd handed to the collector, or private memory where neither can be had (a kill then loses
 * what was not drained, and the trace says so).  No descriptor stays open.  Pages are reserved
 * before use, so a full /dev/shm never raises SIGBUS. */
#ifndef SHIM_RECORD_REGION_H
#define SHIM_RECORD_REGION_H

#include <stddef.h>
#include <stdint.h>

/* Maps and initialises the arena; sets `arena`.  Returns 0, or -1: the process stays dormant.
 * Constructor or loader callback, once. */
int region_create(void);

/* Makes sure that [at, at + n) of the arena may be touched.  Returns 0, or -1 (LOSS_MEMORY). */
int region_reserve(const void *at, size_t n);

/* In a fork's child, before anything else: replaces the shared mapping by one of the child's own
 * at the same address, restarted (snapshot_restart).  Async-signal-safe. */
void region_fork_child(void);

/* Removes the arena's file; the mapping stays, as ordinary memory, since thunks still count in it. */
void region_remove(void);

#endif
