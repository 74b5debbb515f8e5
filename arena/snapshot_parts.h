/* snapshot_parts: what the files of the snapshot share.  Not for others. */
#ifndef ARENA_SNAPSHOT_PARTS_H
#define ARENA_SNAPSHOT_PARTS_H

#include "arena/snapshot.h"
#include "wire/record.h"

enum {
    SNAPSHOT_STRING_MAX = 4096, /* longer ones are damage */
    SNAPSHOT_RECORD_MAX = 16384 /* the process record is the longest */
};

struct snapshot {
    struct arena *a;
    const struct snapshot_options *o;
    snapshot_emit *emit;
    void *ctx;
    uint8_t *record; /* SNAPSHOT_RECORD_MAX bytes */
};

/* Encodes a record and hands it on; gives what emit gave. */
#define SNAPSHOT_EMIT(s, name, r) \
    snapshot_put((s), rec_##name##_encode((r), (s)->record, SNAPSHOT_RECORD_MAX))
int snapshot_put(const struct snapshot *s, size_t n);

/* Each part returns 0, or what emit returned. */
int snapshot_strings(const struct snapshot *s);
/* Lua functions and frames of samples, which are defined once and never change; the sampler. */
int snapshot_stacks(const struct snapshot *s);
/* Ring entries before LIMIT (a head read earlier). */
int snapshot_ring(const struct snapshot *s, uint64_t limit);
int snapshot_counters(const struct snapshot *s);
/* The collector of the state in slot I, where it changed. */
int snapshot_gc(const struct snapshot *s, uint32_t i);
/* Allocation sites; what belongs to them when definitions are wanted again, or in a fork's copy. */
int snapshot_sites(const struct snapshot *s);
void snapshot_redefine_sites(struct arena *a);
void snapshot_restart_sites(struct arena *a);
void snapshot_restart_gc(struct arena_gc *gc);

/* N, or MAX where N is larger: no count in an arena is believed. */
static inline uint32_t snapshot_at_most(uint32_t n, uint32_t max)
{
    return n < max ? n : max;
}

/* Fills the gaps that writers left who are not in this process (a fork's child). */
void snapshot_mend_strings(struct arena *a);

#endif
