/* orphans: arenas of killed processes that nobody has asked about.
 *
 * `modprof report` completes a trace from the arena that a killed process left, and removes it.
 * A program that keeps crashing and is never reported on must not fill /dev/shm: only the
 * youngest are kept.
 *
 * Context: when an arena's file is made. */
#ifndef SHIM_RECORD_ORPHANS_H
#define SHIM_RECORD_ORPHANS_H

enum { ORPHANS_KEPT = 64 };

/* Removes from DIR the oldest arenas of this user's whose process is gone, but for ORPHANS_KEPT. */
void orphans_sweep(const char *dir);

#endif
