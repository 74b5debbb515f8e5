/* enums: names of the values that records carry, for people and for JSON, and the buckets of durations.
 * See enums.h. */
#include "wire/enums.h"

#include <stddef.h>

#define NAME_OF(table, v) ((v) < sizeof(table) / sizeof *(table) && (table)[v] ? (table)[v] : "?")

static const char *const copy_statuses[] = {
    [COPY_COVERED] = "covered",
    [COPY_PARTLY] = "partly covered",
    [COPY_NOT] = "not covered",
    [COPY_UNLOADED] = "unloaded",
};

static const char *const alloc_kinds[] = {
    [ALLOC_OTHER] = "other",       [ALLOC_STRING] = "string",     [ALLOC_TABLE] = "table",
    [ALLOC_FUNCTION] = "function", [ALLOC_USERDATA] = "userdata", [ALLOC_THREAD] = "thread",
    [ALLOC_UPVALUE] = "upvalue",   [ALLOC_PROTO] = "prototype",   [ALLOC_TABLE_PART] = "table part",
    [ALLOC_STACK] = "stack",       [ALLOC_BUFFER] = "buffer",     [ALLOC_CODE] = "code",
};

static const char *const span_kinds[] = {
    [SPAN_REQUIRE] = "require", [SPAN_REQUIREF] = "requiref", [SPAN_OPENLIBS] = "openlibs",
    [SPAN_DOFILE] = "dofile",   [SPAN_MAIN] = "main",         [SPAN_LOADFILE] = "loadfile",
};

static const char *const span_statuses[] = {
    [SPAN_OK] = "ok",
    [SPAN_FAILED] = "failed",
    [SPAN_OPEN] = "open",
};

static const char *const load_kinds[] = {
    [LOAD_UNKNOWN] = "unknown",     [LOAD_LUA_FILE] = "Lua file", [LOAD_C_LIBRARY] = "C library",
    [LOAD_PRELOAD] = "preload",     [LOAD_BUILTIN] = "built-in",  [LOAD_CUSTOM] = "custom",
    [LOAD_NOT_FOUND] = "not found", [LOAD_CIRCULAR] = "circular",
};

static const char *const phases[] = {
    [PHASE_RESOLVE] = "resolve",
    [PHASE_READ] = "read",
    [PHASE_COMPILE] = "compile",
    [PHASE_RUN] = "run",
    [PHASE_MAP] = "map",
    [PHASE_RELOCATE] = "relocate",
    [PHASE_CONSTRUCT] = "construct",
};

static const char *const chunk_origins[] = {
    [CHUNK_HOST] = "host",         [CHUNK_FILE] = "file",         [CHUNK_REQUIRE] = "require",
    [CHUNK_DOFILE] = "dofile",     [CHUNK_LOADFILE] = "loadfile", [CHUNK_LOAD] = "load",
    [CHUNK_C_MODULE] = "C module",
};

static const char *const losses[] = {
    [LOSS_RING_FULL] = "records dropped: ring full",
    [LOSS_FUNCTIONS_FULL] = "C functions not counted: table full",
    [LOSS_STRINGS_FULL] = "strings not kept: table full",
    [LOSS_STATES_FULL] = "states not counted: table full",
    [LOSS_THREADS_FULL] = "threads that share one set of counters",
    [LOSS_OBJECTS_FULL] = "loaded objects not kept: table full",
    [LOSS_CHUNKS_FULL] = "chunks without a row of their own: table full",
    [LOSS_HITS_FULL] = "require hits not counted: table full",
    [LOSS_SINK] = "frames that could not be written",
    [LOSS_MEMORY] = "shared memory that could not be had",
    [LOSS_TRIES] = "paths tried beyond the number kept",
    [LOSS_SPANS] = "module loads not listed: too many of one name, or nested too deeply",
    [LOSS_UNSEEN_RETURN] = "timed calls left by an error or yield",
    [LOSS_NODES_FULL] = "frames of samples cut: table full",
    [LOSS_SITES_FULL] = "allocations without their stack: table full",
    [LOSS_TRACK_FULL] = "blocks not followed to their release: table full",
    [LOSS_MARKS] = "marks not kept",
    [LOSS_TEXTS_FULL] = "texts not remembered: table full",
    [LOSS_STATES_BACK] = "states that were there again after they had ended: not counted since",
    [LOSS_STATES_REWOUND] = "states whose memory was put back as it was some time before",
};

static const char *const milestones[] = {
    [MILESTONE_STATE] = "first state",
    [MILESTONE_OPENLIBS] = "standard libraries open",
    [MILESTONE_MAIN] = "first line of the main script",
};

static const char *const end_reasons[] = {
    [END_EXIT] = "exit",
    [END_QUICK_EXIT] = "quick exit",
    [END_EXEC] = "exec",
    [END_KILLED] = "killed",
};

static const char *const alloc_modes[] = {
    [ALLOC_OFF] = "off",
    [ALLOC_SAMPLED] = "sampled",
    [ALLOC_EXACT] = "exact",
};

static const char *const alloc_heaps[] = {
    [HEAP_LUA] = "Lua",
    [HEAP_C] = "C",
};

static const char *const gc_kinds[] = {
    [GC_INCREMENTAL] = "incremental",
    [GC_MINOR] = "minor",
    [GC_MAJOR] = "major",
    [GC_FULL] = "full",
};

static const char *const mark_origins[] = {
    [MARK_LUA] = "Lua",
    [MARK_C] = "C",
    [MARK_SIGNAL] = "signal",
    [MARK_FORK] = "fork",
};

const char *copy_status_name(unsigned v)
{
    return NAME_OF(copy_statuses, v);
}

const char *alloc_kind_name(unsigned v)
{
    return NAME_OF(alloc_kinds, v);
}

const char *span_kind_name(unsigned v)
{
    return NAME_OF(span_kinds, v);
}

const char *span_status_name(unsigned v)
{
    return NAME_OF(span_statuses, v);
}

const char *load_kind_name(unsigned v)
{
    return NAME_OF(load_kinds, v);
}

const char *phase_name(unsigned v)
{
    return NAME_OF(phases, v);
}

const char *chunk_origin_name(unsigned v)
{
    return NAME_OF(chunk_origins, v);
}

const char *loss_name(unsigned v)
{
    return NAME_OF(losses, v);
}

const char *milestone_name(unsigned v)
{
    return NAME_OF(milestones, v);
}

const char *end_reason_name(unsigned v)
{
    return NAME_OF(end_reasons, v);
}

const char *alloc_mode_name(unsigned v)
{
    return NAME_OF(alloc_modes, v);
}

const char *alloc_heap_name(unsigned v)
{
    return NAME_OF(alloc_heaps, v);
}

const char *gc_kind_name(unsigned v)
{
    return NAME_OF(gc_kinds, v);
}

const char *mark_origin_name(unsigned v)
{
    return NAME_OF(mark_origins, v);
}

unsigned sampler_bucket_of(uint64_t us)
{
    if (us < 4)
        return (unsigned)us;
    unsigned log2 = 63 - (unsigned)__builtin_clzll(us), quarter = us >> (log2 - 2) & 3;
    unsigned bucket = 4 * (log2 - 1) + quarter;
    return bucket < SAMPLER_BUCKET_N ? bucket : SAMPLER_BUCKET_N - 1;
}

uint64_t sampler_bucket_end_us(unsigned bucket)
{
    if (bucket >= SAMPLER_BUCKET_N - 1)
        return UINT64_MAX;
    bucket++;
    return bucket < 4 ? bucket : (UINT64_C(4) + bucket % 4) << (bucket / 4 - 1);
}
