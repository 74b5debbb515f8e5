/* framer: gathers records and gives compressed frames to the sink.
 *
 * Context: the thread that drains; one at a time. */
#ifndef SHIM_RECORD_FRAMER_H
#define SHIM_RECORD_FRAMER_H

#include <stddef.h>
#include <stdint.h>

/* Maps the buffer (once; it stays).  Returns 0, or -1: no memory. */
int framer_start(void);

/* Adds one record (a snapshot_emit; CTX is unused); hands a full frame on.  Always 0: what can
 * not be written is counted. */
int framer_add(void *ctx, const uint8_t *record, size_t n);

/* Hands on what was gathered. */
void framer_flush(void);

/* Drops what was gathered (a fork's child). */
void framer_reset(void);

/* Frames that were lost since last asked. */
uint32_t framer_lost(void);

/* Memory that the buffers take. */
size_t framer_bytes(void);

#endif
