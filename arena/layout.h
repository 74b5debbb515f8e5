/* layout: the shared-memory arena, in which the shim keeps everything that must survive the host.
 *
 * The arena is a sparse file in /dev/shm (or a memfd whose descriptor the collector holds), mapped
 * at one address for the life of the process.  Whoever opens it after the process was killed turns
 * it into records with arena/snapshot.h, the same code that the living process uses.
 *
 * Rules
 *  - Fixed size, no pointers that another process would have to follow (addresses are data).
 *  - Written by host threads without locks: single writer per thread slot and per state, atomic
 *    append elsewhere.  A reader may see a torn moment, never a torn structure.
 *  - Pages are reserved (fallocate) before they are touched, so that a full /dev/shm can not raise
 *    SIGBUS in the host: see shim/record/arena.h.
 *
 * Context: plain data; included by shim and collector. */
#ifndef ARENA_LAYOUT_H
#define ARENA_LAYOUT_H

#include <stdatomic.h>
#include <stdint.h>

#include "wire/enums.h"

#define ARENA_MAGIC UINT64_C(0x31414e455241504d) /* "MPARENA1" */

enum {
    ARENA_VERSION = 1,
    ARENA_PATH_MAX = 4096,
    ARENA_OBJECTS_MAX = 512,
    ARENA_COPIES_MAX = 16,
    ARENA_ROLES_MAX = 24,
    ARENA_UNCOVERED_MAX = 256,
    ARENA_FUNCTIONS_MAX = 4096,
    ARENA_STATES_MAX = 256,
    ARENA_THREADS_MAX = 128,
    ARENA_HITS_MAX = 1024,
    ARENA_CHUNKS_MAX = 1024,
    ARENA_PROTOS_MAX = 8192,
    ARENA_NODES_MAX = 65536,
    ARENA_SITES_MAX = 65536,
    ARENA_CHECKS = 8,
    ARENA_LATE = 4,
    ARENA_PAST = 8,
    ARENA_PAUSES = 40,
    ARENA_MARKS_MAX = 256,
    ARENA_LANES =
        ARENA_STATES_MAX + 1, /* of sites: one for each slot of a state, the last is C's */
    ARENA_STRINGS_BYTES = 1 << 20,
    ARENA_RING_BYTES = 1 << 20 /* a power of two */
};

/* Calls of one C function on one thread: one cache line.
 * The hot path only decrements a countdown.  The exact count is base + (period - left).
 * Before the slow path changes base, period and left it notes the exact count in the thread slot
 * (fix_*), so that a reader at any moment, also after a kill, gets the true number. */
struct arena_calls {
    int32_t down_left; /* Lua -> C */
    uint32_t down_period;
    uint64_t down_base;
    int32_t up_left; /* C -> Lua, made while this function ran */
    uint32_t up_period;
    uint64_t up_base;
    uint32_t down_timed_n, up_timed_n;
    uint64_t down_ns, up_ns; /* sum of weight * duration */
    float down_sq_us2, up_sq_us2;
};
_Static_assert(sizeof(struct arena_calls) == 64, "one cache line");

/* C allocation of one calling object on one thread. */
struct arena_c_alloc {
    uint64_t alloc_n, alloc_bytes, usable_bytes, realloc_n, free_n, free_bytes, fail_n, unused;
};

enum { ARENA_FIX_NONE = 0, ARENA_FIX_DOWN = 1, ARENA_FIX_UP = 2 };

/* A thread slot.  A slot left by a thread keeps its counts; the next thread goes on with them. */
struct arena_thread {
    struct arena_calls calls[ARENA_FUNCTIONS_MAX];       /* must be first: thunks index it */
    struct arena_c_alloc c_alloc[ARENA_OBJECTS_MAX + 1]; /* object id + 1; 0: unknown code */
    _Atomic uint32_t owner_tid;                          /* 0: free */
    uint32_t fix_what, fix_function;                     /* ARENA_FIX_* */
    uint64_t fix_count;
    int64_t c_live_bytes;   /* usable bytes allocated minus freed by this thread */
    int64_t c_unpublished;  /* part of c_live_bytes not yet in header.c_live_bytes */
    uint64_t c_gross_bytes; /* usable bytes allocated */
    uint64_t lua_calls_n;   /* C allocator calls made for Lua's allocator; plus direct_n of the
                              * states that are open */
    uint64_t callk_n, pcallk_n, resume_n, up_host_n;
    uint64_t unseen_return_n; /* timed calls begun minus returned */
};

struct arena_function {
    uint64_t address;
    _Atomic uint32_t name, module, type_name; /* string ids */
    uint16_t object, copy;                    /* object id; copy id */
    uint32_t kind;                            /* enum function_kind */
    _Atomic uint32_t version;                 /* bumped by every change; 0: slot empty */
    uint32_t emitted;                         /* version last written to the trace */
    uint64_t emitted_calls_n;                 /* calls and timed calls last written */
};

struct arena_object {
    uint64_t lo, hi, bias;
    uint32_t path;
    uint8_t build_id[32];
    uint8_t build_id_n, unloaded, pad[2];
    _Atomic uint32_t version;
    uint32_t emitted;
};

/* Functions of a copy of Lua whose role was learnt: enum code_role. */
struct arena_role {
    uint64_t lo, hi, role;
};

struct arena_copy {
    uint32_t object, version_name, status, layout, reason, late;
    uint64_t attached_ns;
    uint64_t vm_lo, vm_hi; /* the VM loop; 0, 0: not known */
    struct arena_role roles[ARENA_ROLES_MAX];
    uint32_t roles_n, pad;
    _Atomic uint32_t version;
    uint32_t emitted;
};

struct arena_uncovered {
    uint32_t what, reason, copy; /* copy: id + 1, or 0 */
    _Atomic uint32_t version;
    uint32_t emitted;
};

/* A Lua state.  Written by the thread that runs it. The allocator wrapper gets a pointer to this
 * as its ud; what every allocation touches stands in the first cache line, then the tables. */
struct arena_state {
    uint64_t live_bytes, peak_bytes;
    uint32_t route; /* how requests are passed on; known to shim/hooks/heap.c only */
    uint8_t tagging, tags_used, tags_unsure, host_looked_at; /* shim/hooks/heap_exact.c only */
    uint64_t
        host_n; /* requests through the host's allocator, or added up already: the others are snapshot_direct_n */
    uint64_t asked_osize,
        asked_nsize;     /* shim/hooks/heap*.c only: of the request that the C library has now */
    int64_t sample_left; /* bytes until the next sample of allocation */
    uint64_t free_n, grow_bytes, shrink_bytes; /* bytes that were freed: snapshot_free_bytes */
    uint64_t inherited_bytes;                  /* that lived when the fork was made */
    uint64_t host_alloc, host_ud;              /* addresses in the host, meaningless elsewhere */
    uint64_t handle;  /* likewise: what Lua was given for the state (record_api.h) */
    uint64_t current; /* likewise: what alloc_exact.c keeps of it, where it is exact */
    uint64_t table_lo,
        table_bytes; /* alloc_tag.c: where blocks lie that were ever put in the table */
    uint64_t kind_n[ALLOC_KIND_N], kind_bytes[ALLOC_KIND_N];
    uint64_t class_alloc_n[SIZE_CLASS_N], class_free_n[SIZE_CLASS_N],
        class_inherited_n[SIZE_CLASS_N];
    uint64_t realloc_n, fail_n;
    uint64_t global_state; /* address of Lua's global_State, 0: being created, unknown */
    uint64_t created_ns, create_ns, closed_ns, close_live_bytes, setallocf_n;
    uint64_t main_thread, pair_at; /* shim/hooks/heap_dropped.c only */
    uint64_t pace[3];              /* shim/hooks/alloc_sample.c only */
    _Atomic uint32_t open;         /* id, from when it is whole until it ends */
    uint32_t dropped;              /* 1: it ended without lua_close */
    uint32_t tid;
    uint16_t copy, lane_ready; /* 1: its lane may be read */
    _Atomic uint32_t in_use;   /* 0: slot free; 1: open; 2: closed, not yet written out */
    uint32_t id;               /* unique in the process, from 1 */
} __attribute__((aligned(64)));

struct arena_hit {
    _Atomic uint32_t name; /* string id; 0: free */
    uint32_t pad;
    _Atomic uint64_t n;
    _Atomic uint64_t timed_n, timed_ns;
    uint64_t emitted_n;
};

struct arena_chunk {
    _Atomic uint64_t key; /* 0: free */
    uint32_t name, origin;
    _Atomic uint64_t load_n, fail_n, repeat_n, bytes, read_ns, compile_ns, run_n, run_ns,
        precompiled_n;
    uint64_t emitted_n; /* load_n + run_n last written */
};

/* Strings are entries {u32 length+1, u32 hash, bytes}, 8-byte aligned; an id is the entry's offset
 * divided by 8, plus 1.  length+1 is stored last (release); 0: still being written, and the hash is
 * then the size of the whole entry in bytes, or 0 where not even that was written yet. */
struct arena_string {
    _Atomic uint32_t length_plus_1;
    uint32_t hash;
    uint8_t bytes[];
};

/* Ring entries are {u32 header, bytes}, 8-byte aligned, header: length << 2 | RING_*.  An entry
 * never wraps: RING_SKIP fills up to the end.  Reserved memory whose header is not yet written is
 * all zero (RING_EMPTY). */
enum { RING_EMPTY = 0, RING_BUSY = 1, RING_READY = 2, RING_SKIP = 3 };

struct arena_ring {
    _Atomic uint64_t head; /* bytes ever reserved */
    _Atomic uint64_t tail; /* bytes ever consumed; memory behind it is zero */
    uint8_t bytes[ARENA_RING_BYTES];
};

/* A frame of a sampled stack, and a Lua function in one; ids are index + 1.  `ready` is stored last; 2: the node is in the index,
 * too (nodes.c). */
struct arena_node {
    uint64_t value;
    uint32_t parent, line;
    uint16_t kind, flags;
    _Atomic uint32_t ready;
};

struct arena_proto {
    uint32_t source, line_defined, last_line;
    _Atomic uint32_t ready;
};

/* Where blocks come from (wire: alloc_site, alloc_count).  The sites of a lane are written by the
 * thread that runs its state; C's by all, atomically.  What every allocation touches stands first.
 *
 * What lived at the highest point is not copied at every new height: a site notes its live figures
 * when it changes for the first time after the height was reached (peak_epoch is then the lane's).
 * Until then its live figures are what lived at the highest point.  The same goes for full_*. */
enum { SITE_TYPES_DIFFER = UINT32_MAX };

struct arena_site {
    uint64_t alloc_n, alloc_bytes, free_n, free_bytes;
    uint32_t epoch; /* of the lane, when last changed */
    uint16_t lane;
    uint8_t heap, kind;                    /* enum alloc_heap, alloc_kind */
    uint64_t hand_free_n, hand_free_bytes; /* part of free_*: not by the collector */
    uint64_t collected_bytes; /* by the collector, in cycles whose time is not charged yet */
    uint64_t gc_ns;           /* the collector's time that is charged to it */
    uint64_t grow_n, grow_bytes, shrink_bytes, seen_n;
    uint32_t peak_epoch, full_epoch;
    int64_t peak_n, peak_bytes, full_n, full_bytes, close_n, close_bytes;
    int64_t inherited_n, inherited_bytes;
    float alloc_var, live_var; /* KiB^2 */
    uint32_t lua, native, object, flags;
    uint32_t type_name; /* userdata: of the metatable; 0: not known (yet), or SITE_TYPES_DIFFER */
    _Atomic uint32_t ready;
    uint32_t defined, emitted_type; /* 1: in the trace, with this type */
    uint32_t collected_next; /* list of the lane's sites with collected_bytes: id; 0: the last */
    uint32_t emitted_epoch;
    uint64_t emitted_sum;               /* of the counters last written */
    uint64_t check_bytes[ARENA_CHECKS]; /* live at the checks, [0] at the newest */
    uint64_t fell_bytes
        [ARENA_CHECKS];  /* most that it was seen below check_bytes, before the next check */
    uint64_t look_bytes; /* live at the newest look, which may be that check */
    uint64_t late_bytes[ARENA_LATE]; /* live at looks some way apart, [0] at the newest */
    uint64_t past_bytes[ARENA_PAST]; /* ever allocated by moments of the past, [0] the newest */
    uint32_t check_n[ARENA_CHECKS];
} __attribute__((aligned(64)));

/* The collector of one state (wire: gc). */
struct arena_gc {
    uint64_t how, generational, full_n, full_ns, call_n, call_ns, pause_max_ns;
    uint64_t cycle_n, minor_n, free_n, free_bytes, unlisted_n;
    uint64_t step_n, step_ns, finalize_n, finalize_ns, close_finalize_n, close_finalize_ns;
    uint64_t pause_n[ARENA_PAUSES];
    uint64_t open_sp,
        finalize_sp; /* where on the C stack the collector, a finalizer, runs; 0: it does not */
    uint64_t uncharged_ns; /* of cycles whose time is no site's yet */
    uint64_t cycle_begin_ns, cycle_begin_bytes, cycle_steps, cycle_ns, cycle_max_ns,
        cycle_free_bytes;   /* the cycle that is on; steps 0: none is */
    uint64_t seen_estimate; /* as Lua's structures were when last looked at */
    uint32_t seen_white;
    uint32_t seen_cycle; /* 1: one has ended; before that Lua has no estimate */
    uint64_t emitted_sum;
};

struct arena_lane {
    uint32_t epoch;                  /* raised with either of the others */
    uint32_t peak_epoch, full_epoch; /* which highest point, which full collection */
    uint32_t full_seen;              /* 1: there was one */
    uint64_t peak_noted;             /* level of the highest point that peak_epoch stands for */
    uint64_t peak_bytes;             /* C: highest estimate; of states: in arena_state */
    int64_t live_bytes;              /* C: estimate */
    int64_t kind_live[ALLOC_KIND_N]; /* bytes */
    struct arena_gc gc;              /* of states */
    uint32_t collected; /* first site of the list of those with collected_bytes; 0: none */
};

/* A moment that somebody named (wire: mark).  Slots are a ring: one whose mark is in the trace is free. */
struct arena_mark {
    uint64_t at_ns, lua_bytes, rss_bytes; /* at_ns 0: when it is written */
    int64_t c_bytes;
    uint32_t name, origin, tid, state;
    uint64_t id;
    _Atomic uint32_t ready; /* stored last */
    _Atomic uint32_t emitted;
};

struct arena_memory {
    uint64_t lua_mode, lua_interval, c_mode, c_interval, sites_max, tracked_max, tag_bytes;
    uint64_t emitted;                  /* 1: in the trace */
    _Atomic uint64_t lua_most, c_most; /* largest distances of samples that were used */
    uint64_t emitted_most;
    _Atomic uint64_t next_point_ns;
    uint64_t point_ns; /* distance of points; doubled now and then */
    uint64_t points_n;
    _Atomic uint64_t next_look; /* bytes that Lua must have made before sites are looked at again */
    uint64_t checks_n;
    uint64_t look_clock, looks_n, looks_emitted; /* of all looks, checks among them */
    uint64_t late_clock[ARENA_LATE];
    _Atomic uint64_t next_past_ns; /* before that, no moment is looked for */
    uint64_t past_clock[ARENA_PAST];
    uint64_t check_clock[ARENA_CHECKS], check_at_ns[ARENA_CHECKS]; /* [0]: the newest */
    _Atomic uint64_t marks_n;                                      /* ever made */
};

struct arena_sampler {
    uint64_t clock, asked_hz, period_ns, mechanism,
        signal; /* clock 0: not sampled; period_ns: of samples' units */
    _Atomic uint64_t handler_n, handler_ns, handler_max_ns;
    _Atomic uint64_t handler_us_n[SAMPLER_BUCKET_N];
    uint64_t system_too;
    uint64_t emitted_what; /* handler_n and mechanism as last written; 0: not yet */
};

struct arena_process {
    uint64_t pid, ppid, uid, start_real_ns, start_mono_ns, start_estimated, attach_ns, forked_from;
    uint64_t shim_bytes;
    char exe[ARENA_PATH_MAX], cwd[ARENA_PATH_MAX], argv[ARENA_PATH_MAX];
    uint32_t argv_n;
    char arena_path[256];
    char trace_path[ARENA_PATH_MAX]; /* file sink: where the trace is; else empty */
};

struct arena {
    uint64_t magic;
    uint32_t version, bytes; /* bytes: sizeof(struct arena), checked by readers */
    struct arena_process process;

    /* Not 0: in order, though the trace may still lack its end; from 2 on: exit status + 2. */
    _Atomic uint32_t ended;
    _Atomic uint32_t drain_lock; /* 1: somebody is draining (died draining, after a kill) */
    uint32_t process_emitted;
    uint32_t frame_seq;            /* sequence number of the next frame */
    _Atomic uint32_t strings_used; /* bytes */
    uint32_t strings_emitted;
    _Atomic uint32_t objects_n, copies_n, uncovered_n, functions_n, states_made, threads_n;
    _Atomic uint32_t states_n, hits_n, chunks_n; /* slots ever used */
    _Atomic uint32_t span_id;                    /* last one given */
    _Atomic int64_t c_live_bytes;                /* published by threads in steps of 64 KiB */
    _Atomic int64_t c_peak_bytes;
    _Atomic uint64_t losses[LOSS_N];
    uint64_t losses_emitted[LOSS_N];
    uint64_t milestones[8]; /* at_ns by enum milestone */
    uint32_t milestone_name[8];
    uint32_t milestones_emitted; /* bit set */
    uint64_t drain_n, drain_ns, written_bytes, attach_cost_ns;
    _Atomic uint64_t closed_alloc_n,
        closed_alloc_bytes;      /* of states whose slots have a new owner */
    uint32_t sampler_used;       /* 1: `sampler` and what follows it may be read */
    uint32_t threads_overflowed; /* 1: the last slot is shared by several threads */
    uint32_t memory_used;        /* 1: `memory` and what follows it may be read */
    uint32_t c_sites;            /* 1: there may be sites of C, and their lane may be read */

    struct arena_object objects[ARENA_OBJECTS_MAX];
    struct arena_copy copies[ARENA_COPIES_MAX];
    struct arena_uncovered uncovered[ARENA_UNCOVERED_MAX];
    struct arena_function functions[ARENA_FUNCTIONS_MAX];
    struct arena_state states[ARENA_STATES_MAX];
    struct arena_hit hits[ARENA_HITS_MAX];
    struct arena_chunk chunks[ARENA_CHUNKS_MAX];
    struct arena_ring ring __attribute__((aligned(4096)));
    uint8_t strings[ARENA_STRINGS_BYTES] __attribute__((aligned(4096)));
    struct arena_sampler sampler __attribute__((aligned(4096)));
    _Atomic uint32_t nodes_n, protos_n;
    uint32_t nodes_emitted, protos_emitted;
    struct arena_proto protos[ARENA_PROTOS_MAX];
    struct arena_node nodes[ARENA_NODES_MAX];
    struct arena_memory memory __attribute__((aligned(4096))); /* reserved where memory_used */
    _Atomic uint32_t sites_n;
    struct arena_mark marks[ARENA_MARKS_MAX];
    struct arena_lane lanes[ARENA_LANES];
    struct arena_site sites[ARENA_SITES_MAX];
    /* From here on pages are reserved slot by slot, bank by bank. */
    struct arena_thread threads[ARENA_THREADS_MAX] __attribute__((aligned(4096)));
};

#endif
