/* enums: the closed sets of values that records carry (docs/FORMAT.md).  Values are part of the
 * format: append, never renumber.  Names for people stand in wire/enums.c. */
#ifndef WIRE_ENUMS_H
#define WIRE_ENUMS_H

#include <stdint.h>

enum copy_status { COPY_COVERED = 0, COPY_PARTLY = 1, COPY_NOT = 2, COPY_UNLOADED = 3 };

enum function_kind { FUNCTION_LUA_C = 0, FUNCTION_FFI = 1, FUNCTION_HOST = 2 };

/* Lua's own tags of what is allocated (the old size where ptr is NULL), 0 everything else. */
enum alloc_kind {
    ALLOC_OTHER = 0, /* arrays, hash parts, stacks, buffers */
    ALLOC_STRING = 4,
    ALLOC_TABLE = 5,
    ALLOC_FUNCTION = 6,
    ALLOC_USERDATA = 7,
    ALLOC_THREAD = 8,
    ALLOC_UPVALUE = 9,
    ALLOC_PROTO = 10,
    /* Of sites only, where it can be told; else they are ALLOC_OTHER. */
    ALLOC_TABLE_PART = 11, /* array and hash parts of tables */
    ALLOC_STACK = 12,      /* stacks and call infos of coroutines */
    ALLOC_BUFFER = 13,     /* text being built: concatenation, the reader of chunks */
    ALLOC_CODE = 14,       /* parts of prototypes: instructions, constants, lines */
    ALLOC_KIND_N = 16
};

enum {
    /* Size classes: 0 is empty; 1..8 end at 16, 32 ... 128 bytes; 9.. end at 256, 512, 1 KiB ...;
     * the last holds everything larger. */
    SIZE_CLASS_N = 40
};

enum span_kind {
    SPAN_REQUIRE = 1,  /* require() that loads, or fails to */
    SPAN_REQUIREF = 2, /* luaL_requiref: a library opened by C code */
    SPAN_OPENLIBS = 3, /* luaL_openlibs */
    SPAN_DOFILE = 4,   /* dofile() */
    SPAN_MAIN = 5,     /* a chunk that the host loaded and called, outside any other span */
    SPAN_LOADFILE = 6  /* luaL_loadfilex: reading and compiling a file */
};

enum span_status { SPAN_OK = 0, SPAN_FAILED = 1, SPAN_OPEN = 2 };

enum load_kind {
    LOAD_UNKNOWN = 0,
    LOAD_LUA_FILE = 1,
    LOAD_C_LIBRARY = 2,
    LOAD_PRELOAD = 3, /* package.preload */
    LOAD_BUILTIN = 4, /* luaL_requiref, standard libraries */
    LOAD_CUSTOM = 5,  /* a searcher of the program's own */
    LOAD_NOT_FOUND = 6,
    LOAD_CIRCULAR = 7 /* asked for again while it was being loaded */
};

enum phase {
    PHASE_RESOLVE = 0, /* searchers, until the loader is found; without read, compile, map... */
    PHASE_READ = 1,    /* in the reader, while the chunk was loaded */
    PHASE_COMPILE = 2, /* lua_load without the reader */
    PHASE_RUN = 3,     /* the chunk or luaopen_*, nested spans included */
    PHASE_MAP = 4,     /* loader: until all objects are mapped */
    PHASE_RELOCATE =
        5, /* loader: until the first constructor (0 when it could not be told apart) */
    PHASE_CONSTRUCT =
        6, /* loader: constructors (with relocation when it could not be told apart) */
    PHASE_N = 16
};

enum chunk_origin {
    CHUNK_HOST = 0,    /* loaded by the host */
    CHUNK_FILE = 1,    /* luaL_loadfilex from the host */
    CHUNK_REQUIRE = 2, /* by require */
    CHUNK_DOFILE = 3,
    CHUNK_LOADFILE = 4,
    CHUNK_LOAD = 5,    /* by load() */
    CHUNK_C_MODULE = 6 /* by another C function */
};

enum loss {
    LOSS_RING_FULL = 1,      /* records dropped: ring full */
    LOSS_FUNCTIONS_FULL = 2, /* C functions not counted: table full */
    LOSS_STRINGS_FULL = 3,
    LOSS_STATES_FULL = 4,  /* states whose allocations were not counted */
    LOSS_THREADS_FULL = 5, /* threads that share one set of counters */
    LOSS_OBJECTS_FULL = 6,
    LOSS_CHUNKS_FULL = 7, /* loads of chunks without an entry of their own */
    LOSS_HITS_FULL = 8,
    LOSS_SINK = 9,           /* frames that could not be written */
    LOSS_MEMORY = 10,        /* the arena could not grow */
    LOSS_TRIES = 11,         /* paths tried beyond the number kept for a span */
    LOSS_SPANS = 12,         /* spans not kept: too many of one name, or nested too deeply */
    LOSS_UNSEEN_RETURN = 13, /* timed calls left by an error or yield; their time is not counted */
    LOSS_NODES_FULL = 14,    /* frames of samples cut: table full */
    LOSS_SITES_FULL = 15,    /* allocations counted in an overflow site: table full */
    LOSS_TRACK_FULL = 16,    /* blocks whose release can not be seen: table full */
    LOSS_MARKS = 17,         /* marks beyond the number that is kept */
    LOSS_TEXTS_FULL = 18,    /* texts not known again when they are compiled again: table full */
    LOSS_STATES_BACK = 19,   /* states that ended, and were there again: not counted from then on */
    LOSS_STATES_REWOUND =
        20, /* states whose memory was put back as it was: counted on from there */
    LOSS_N = 32
};

enum milestone {
    MILESTONE_STATE = 1,    /* first state begins to be created */
    MILESTONE_OPENLIBS = 2, /* standard libraries open */
    MILESTONE_MAIN = 3      /* first line of the main script */
};

enum end_reason {
    END_EXIT = 1,       /* exit or return from main */
    END_QUICK_EXIT = 2, /* _exit, _Exit, quick_exit */
    END_EXEC = 3,       /* replaced by exec */
    END_KILLED = 4      /* completed from shared memory after the process was gone */
};

enum sample_clock { CLOCK_OFF = 0, CLOCK_CPU = 1, CLOCK_WALL = 2 };

enum sampler_mechanism {
    SAMPLER_NONE = 0,
    SAMPLER_PERF = 1, /* perf_event_open, software CPU clock, one event per thread */
    SAMPLER_TIMER = 2 /* per-thread POSIX timer (SIGEV_THREAD_ID) */
};

/* Durations of the handler, in whole microseconds: 0 to 3 have a bucket each, then there are four from each power of two
 * to the next; the last one holds everything from 448 on. */
enum sampler_bucket { SAMPLER_BUCKET_N = 32 };
unsigned sampler_bucket_of(uint64_t us);
uint64_t sampler_bucket_end_us(unsigned bucket); /* exclusive; UINT64_MAX for the last */

enum node_kind {
    NODE_NATIVE = 1,
    NODE_LUA = 2,
    NODE_C_FUNCTION = 3, /* a C function that Lua called, as Lua's call info says */
    NODE_COROUTINE = 4,  /* border: the frames below (callers) are the resumer's */
    NODE_OVERFLOW = 5    /* the table of nodes is full, or the stack was too deep */
};

enum node_flag {
    NODE_LINE_STALE = 1, /* Lua: the line is the last one saved, not the exact one */
    NODE_TAIL_CALL = 2,  /* the caller is not shown: it made a tail call */
    NODE_FRESH = 4,      /* Lua: begins a C frame of the VM (a joint for merging) */
    NODE_FINALIZER = 8,
    NODE_HOOK = 16,
    NODE_MERGED = 32, /* stands for its recursive calls too: they were put together to save room */
    NODE_CUT = 64     /* its callers found no room in the table */
};

/* Of the source of a `proto` record, which may be a text: what is longer is cut. */
enum { PROTO_SOURCE_MAX = 1024 };

enum sample_flag {
    SAMPLE_TRUNCATED_NATIVE = 1,
    SAMPLE_TRUNCATED_LUA = 2,
    SAMPLE_NO_NATIVE = 4, /* could not be unwound */
    SAMPLE_LUA_BUSY = 8,  /* Lua's stack was being changed; not walked */
    SAMPLE_WAITING = 16,  /* wall time in which the thread was on no processor */
    SAMPLE_IN_HANDLER =
        32 /* a handler of the program's ran, whose stack was not walked; the frames are what it interrupted */
};

enum code_role { ROLE_VM = 1, ROLE_GC = 2, ROLE_PARSE = 3, ROLE_ALLOC = 4, ROLE_RESET = 5 };

enum alloc_mode { ALLOC_OFF = 0, ALLOC_SAMPLED = 1, ALLOC_EXACT = 2 };

enum alloc_heap { HEAP_LUA = 1, HEAP_C = 2 };

enum site_flag {
    SITE_OVERFLOW = 1 /* the table was full: everything that found no room, of one heap and lane */
};

enum kinds_known { KINDS_UNKNOWN = 0, KINDS_EXACT = 1, KINDS_ESTIMATED = 2 };

/* How the figures of a `gc` record were obtained. */
enum gc_how {
    GC_HOW_CALLS = 1,     /* lua_gc was seen: collections that are asked for */
    GC_HOW_STATE = 2,     /* the collector's phase was read now and then: cycles */
    GC_HOW_STEPS = 4,     /* the step function was redirected: times are exact */
    GC_HOW_FINALIZERS = 8 /* the call of finalizers was redirected */
};

enum gc_kind {
    GC_INCREMENTAL = 1, /* a whole incremental cycle */
    GC_MINOR = 2,       /* young collection */
    GC_MAJOR = 3,       /* whole collection of generational mode */
    GC_FULL = 4         /* asked for by lua_gc */
};

enum mark_origin {
    MARK_LUA = 1,    /* modprof.mark */
    MARK_C = 2,      /* modprof_mark */
    MARK_SIGNAL = 3, /* from outside */
    MARK_FORK = 4    /* begin of a forked child's trace: what it inherited */
};

/* Names for people and for JSON; never NULL ("?" for values that are not known). */
const char *copy_status_name(unsigned v);
const char *alloc_kind_name(unsigned v);
const char *span_kind_name(unsigned v);
const char *span_status_name(unsigned v);
const char *load_kind_name(unsigned v);
const char *phase_name(unsigned v);
const char *chunk_origin_name(unsigned v);
const char *loss_name(unsigned v);
const char *milestone_name(unsigned v);
const char *end_reason_name(unsigned v);
const char *alloc_mode_name(unsigned v);
const char *alloc_heap_name(unsigned v);
const char *gc_kind_name(unsigned v);
const char *mark_origin_name(unsigned v);

#endif
