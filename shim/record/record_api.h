/* record_api: what hooks may do with what they have seen: intern a string, find a table entry,
 * push a record, count a loss.  Hooks see nothing else of the recording side.
 *
 * Context: host threads and signal handlers unless a call says otherwise.  Nothing here blocks,
 * allocates from the host's heap or changes errno.  Where a table is full the call counts a loss
 * and returns a value that is safe to use. */
#ifndef SHIM_RECORD_RECORD_API_H
#define SHIM_RECORD_RECORD_API_H

#include <stddef.h>
#include <stdint.h>

#include "arena/layout.h"
#include "shim/platform.h"
#include "wire/record.h"

/* The arena; NULL while dormant (no Lua in the process, set-uid, switched off). */
extern SHIM_HIDDEN struct arena *arena;

/* ---- strings ---- */
/* Id of these bytes (cut at 4,000), 0 where the table is full. */
uint32_t intern(const char *bytes, size_t n);
uint32_t intern_z(const char *z); /* NULL gives 0 */

/* ---- thread slots ---- */
/* This thread's slot.  Until the thread is registered it points to a dead slot, in which every
 * countdown is spent, so that thunks take their slow path; never NULL. */
extern SHIM_HIDDEN SHIM_TLS struct arena_thread *slot_now;
/* Registers the thread if needed; returns its slot (the dead slot while dormant). */
struct arena_thread *slot_get(void);
int slot_is_dead(const struct arena_thread *t);

/* ---- C functions ---- */
enum { FUNCTION_NONE = UINT32_MAX };
/* Index of the function at ADDRESS, added where new; the same address always gets the same index
 * while its object stays loaded.  FUNCTION_NONE when the table is full. */
uint32_t function_index(const void *address, enum function_kind kind, uint32_t copy, int *is_new);
/* Names it; zero ids leave what is there. */
void function_name(uint32_t index, uint32_t name, uint32_t module, uint32_t type_name);
/* Original address by index: what thunks jump to. */
extern SHIM_HIDDEN void *function_original[ARENA_FUNCTIONS_MAX];
/* Forgets the functions of an unloaded address range, so that a later library there gets new
 * entries. */
void function_forget(uint64_t lo, uint64_t hi);

/* ---- loaded objects ---- */
/* Rereads the list of loaded objects.  Constructor, or loader callback. */
void objects_refresh(void);
/* Object id of the code at ADDRESS, or -1.  Lock-free. */
int object_of(const void *address);
/* Same, with a one-entry cache per thread; for the C allocator's hot path. */
int object_of_caller(const void *return_address);
/* The object's .eh_frame_hdr (*N bytes), NULL where it has none, and the file-backed segment that
 * holds it, [*LO, *HI).  Any context; valid while the object is loaded. */
const uint8_t *object_eh_frame_hdr(uint32_t id, uint64_t *n, uint64_t *lo, uint64_t *hi);

/* ---- states ---- */
/* A fresh slot (in_use set to 1), or NULL when full. */
struct arena_state *state_slot_new(void);
/* Emits the state's final record and frees the slot. */
void state_slot_close(struct arena_state *s);

/* What Lua gets as the data (ud) of a state's allocator.  It leads to the state's slot until that ends, and still to the host's
 * allocator if the state is there again all the same: it is not used for another one before some ten thousand were. */
struct state_handle {
    struct arena_state *_Atomic state; /* &state_ended: it has ended */
    uint64_t host_alloc, host_ud;      /* from then on */
    uint32_t came_back;                /* 1: it has been asked for something since */
};
extern SHIM_HIDDEN struct arena_state state_ended;

/* One for S, which notes it; the host's pair may still change. */
struct state_handle *state_handle_new(struct arena_state *s);
void state_handle_end(const struct arena_state *s);
/* The state that UD is the handle of; NULL: it is no handle, or its state has ended. */
struct arena_state *state_of_handle(const void *ud);

/* ---- records, counters ---- */
/* Pushes an encoded record into the ring. */
void ring_push(const uint8_t *record, size_t n);
#define RECORD_PUSH(name, r) \
    do { \
        uint8_t buf_[1024]; \
        size_t n_ = rec_##name##_encode((r), buf_, sizeof buf_); \
        if (n_) \
            ring_push(buf_, n_); \
        else \
            loss_count(LOSS_RING_FULL, 1); \
    } while (0)

void loss_count(enum loss what, uint64_t n);
/* Notes the first time of a milestone. */
void milestone_note(enum milestone what, uint64_t at_ns, uint32_t name);
/* Adds to arena->uncovered; identical entries once. */
void uncovered_note(const char *what, const char *reason, uint32_t copy_plus_1);

uint32_t span_id_new(void);
/* Counters of require() hits by name; NULL when full. */
struct arena_hit *hit_entry(uint32_t name);
/* Counters of chunks, by a hash of name and origin (its lowest bit does not count).  Chunks that find
 * the table full share the entry "=(other chunks)" of their origin.  NULL: no memory. */
struct arena_chunk *chunk_entry(uint64_t key, const char *name, size_t length,
                                enum chunk_origin origin);
/* 1 where a text with this hash was compiled before in this process (and remembers it). */
int chunk_text_seen(uint64_t text_hash);

/* Notes the heap of this moment where one is due.  Slow paths that have just read the clock, and
 * where memory is allocated; a few microseconds where it is.  Host thread. */
void memory_point(uint64_t now);

/* region_reserve, and the resident set, for hooks. */
int memory_reserve(const void *at, size_t n);
uint64_t memory_resident(void);

/* ---- writing out ---- */
/* Writes what there is, at once, if that can be done without waiting.  As writer_tick. */
void writer_now(void);
/* Called from slow paths that have just read the clock: drains when the last drain is more than a
 * second ago or the ring is half full.  Never waits. Host thread, not in a signal handler. */
void writer_tick(uint64_t now);
/* There is a Lua whose states are not seen: a trace is written at the end all the same, to say so.
 * Lua of another version (SUPPORTED 0) is worth that only to a collector, which asked about this
 * process: a program that merely inherits LD_PRELOAD leaves no file. */
void writer_want(int supported);
/* Last drain: end record, sink closed, arena removed.  Later calls do nothing. */
void writer_finish(enum end_reason reason, int status);

#endif
