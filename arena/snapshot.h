/* snapshot: turns an arena into records.
 *
 * Used by the shim while the process lives (every drain) and by the collector after it was killed.
 * Emits, in this order: process (once), new strings, changed objects, copies, uncovered, functions,
 * then what stands in the ring, then counters that changed, milestones, losses, self_cost.
 * Marks what was emitted in the arena, so a second snapshot emits only what is new.
 *
 * The caller holds arena->drain_lock or is alone with the arena.  No allocation, no locks, no
 * errno; tolerates an arena that is damaged: bounds are checked, ids out of range are skipped. */
#ifndef ARENA_SNAPSHOT_H
#define ARENA_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "arena/layout.h"

/* Gets one whole encoded record.  Returns 0, or non-zero to stop the snapshot (what was not
 * emitted stays marked as new, except ring entries, which are consumed). */
typedef int snapshot_emit(void *ctx, const uint8_t *record, size_t n);

/* What the caller knows about when the snapshot is taken. */
struct snapshot_options {
    int final;       /* 1: also emit every counter, changed or not */
    uint64_t now_ns; /* for the last sample_memory; 0: unknown, none is emitted */
    uint64_t rss_bytes;
    int no_sites; /* 1: leave allocation sites for another time, unless a mark waits */
};

/* Returns 0, or what EMIT returned. */
int snapshot_take(struct arena *a, const struct snapshot_options *o, snapshot_emit *emit,
                  void *ctx);

/* Makes a fork's copy of an arena start afresh: counters zero (live bytes stay), nothing emitted,
 * ring empty, so that the child's trace defines everything it uses. */
void snapshot_restart(struct arena *a);

/* Marks all definitions (process, strings, objects, functions...) as not emitted: for after a
 * frame was lost. Counters need no such thing. */
void snapshot_redefine(struct arena *a);

/* Encodes the `state` record of S; returns its size, or 0 where it does not fit. */
enum { SNAPSHOT_STATE_BYTES = 2048 };
size_t snapshot_state_encode(const struct arena_state *s, uint8_t *out, size_t cap);
/* The gc record of the state in slot I, in as many bytes at most; 0: there is nothing to say. */
size_t snapshot_gc_encode(const struct arena *a, uint32_t i, uint8_t *out, size_t cap);

/* What of a site lives. */
int64_t snapshot_site_live_bytes(const struct arena_site *t);

/* Requests of a state that went past the host's allocator and are not in a thread's lua_calls_n yet. */
uint64_t snapshot_direct_n(const struct arena_state *s);
/* Bytes of the state's that were freed. */
uint64_t snapshot_free_bytes(const struct arena_state *s);

/* Bytes that Lua ever allocated, growth and closed states included. */
uint64_t snapshot_lua_made(const struct arena *a);

/* The heap now, for the record sample_memory. */
struct rec_sample_memory;
void snapshot_memory(const struct arena *a, struct rec_sample_memory *r);

/* Exact number of calls of one function on one thread slot, at any moment. */
uint64_t snapshot_down_n(const struct arena_thread *t, uint32_t function);
uint64_t snapshot_up_n(const struct arena_thread *t, uint32_t function);

#endif
