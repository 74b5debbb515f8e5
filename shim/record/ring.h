/* ring: records of rare events on their way to the next drain (layout in arena/layout.h; read by
 * arena/snapshot.c).
 *
 * Context: any; lock-free, many producers. */
#ifndef SHIM_RECORD_RING_H
#define SHIM_RECORD_RING_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0, or -1 where there is no room; nothing is counted then. */
int ring_try_push(const uint8_t *record, size_t n);

/* Bytes waiting. */
uint64_t ring_filled_bytes(void);

#endif
