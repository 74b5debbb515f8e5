/* model: what a trace says, as rows of plain records: everything newest-wins merged and spans
 * paired, nothing yet added up or sorted (collector/analyse does that).
 *
 * All bytes in it belong to the process they stand in. A model is built by collector/ingest and
 * read-only afterwards. */
#ifndef COLLECTOR_MODEL_MODEL_H
#define COLLECTOR_MODEL_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "collector/model/memory_model.h"
#include "collector/model/sample_table.h"
#include "collector/util/pool.h"
#include "collector/util/rowset.h"
#include "wire/enums.h"
#include "wire/record.h"

struct text {
    const char *at; /* NUL-terminated, may hold further NULs; never NULL once returned by a call */
    size_t n;
};

enum span_seen { SPAN_SEEN_BEGIN = 1, SPAN_SEEN_END = 2 };

struct span {
    struct rec_span_begin begin;
    struct rec_span_end end;
    unsigned seen;  /* enum span_seen; without END it was still running when the trace ended */
    uint32_t order; /* number in order of begin, from 0 */
};

/* Frames of this process that the trace should hold but does not. */
struct frame_gaps {
    uint32_t next_seq; /* the one expected next */
    uint64_t missing_n;
};

struct process {
    struct rec_process about; /* bytes fields stand in `pool` */
    int about_seen;           /* 0: the process record was lost */
    uint32_t pid;             /* from the frames */
    uint64_t start_real_ns;   /* from the frames */
    struct rowset strings;    /* struct text, by string id */
    struct rowset objects;    /* struct rec_object, by id */
    struct rowset copies;     /* struct rec_copy, by id */
    struct rowset functions;  /* struct rec_function, by id */
    struct rowset states;     /* struct rec_state, by id */
    struct rowset spans;      /* struct span, by id */
    struct rowset tries;      /* struct rec_span_try, by number */
    struct rowset hits;       /* struct rec_require_hit, by name */
    struct rowset chunks;     /* struct rec_chunk, by key */
    struct rowset crossings;  /* struct rec_crossing, by function */
    struct rowset c_allocs;   /* struct rec_c_alloc, by object + 1 */
    struct rowset uncovered;  /* struct rec_uncovered, each once */
    struct rowset memory;     /* struct rec_sample_memory, by number */
    struct rowset protos;     /* struct rec_proto, by id */
    struct rowset nodes;      /* struct rec_node, by id */
    struct sample_table samples;
    struct sample_window window; /* samples outside of it are only counted */
    struct rowset roles;         /* struct rec_code_role, by lowest address */
    struct rowset threads;       /* struct rec_thread, by tid */
    struct memory_model heap;    /* allocation by stack, marks, collectors */
    struct rec_sampler sampler;
    struct rec_c_heap c_heap;
    struct rec_self_cost self_cost;
    struct rec_up_calls up_calls;
    uint64_t losses[LOSS_N];            /* by enum loss */
    struct rec_milestone milestones[8]; /* by enum milestone; at_ns 0: not reached */
    struct rec_end end;
    int end_seen;     /* 1: the end record is the last one of this process */
    uint64_t last_ns; /* the latest moment any record speaks of (monotonic) */
    uint64_t frames_n, records_n, damaged_records_n, unknown_records_n;
    struct frame_gaps gaps;
    int running; /* 1: it was still running when the trace was read */
    struct pool pool;
};

/* Bytes [from, to) of the file that were no intact frame. */
struct damage {
    uint64_t from, to;
};
enum { DAMAGE_MAX = 16 };

/* What there is to say about the file itself. */
struct file_quality {
    uint64_t bytes, frames_n;
    uint64_t damage_n; /* stretches, of which the first DAMAGE_MAX are kept */
    struct damage damage[DAMAGE_MAX];
    int truncated; /* 1: the file ends within a frame, which begins at truncated_at */
    uint64_t truncated_at;
    uint64_t newer_n; /* frames of a later format version, skipped */
    unsigned newer_version;
    int recovered;       /* 1: this reading completed it from shared memory */
    char *recover_error; /* why that did not work, or NULL */
};

struct model {
    char *path;               /* as given by the user */
    struct process **process; /* in order of appearance */
    size_t process_n;
    struct sample_window window; /* for the processes that are to come */
    struct file_quality quality;
};

void model_init(struct model *m, const char *path);
void model_release(struct model *m);

/* The process of this identity, made where it is new. */
struct process *model_process(struct model *m, uint32_t pid, uint64_t start_real_ns);

/* 1 where nothing is missing: intact file, every process ended in order. */
int model_complete(const struct model *m);
/* 1 where nothing of this process is missing. */
int process_complete(const struct process *p);

/* The string of this id: "" for 0, "<lost>" where its record was lost. */
struct text process_text(const struct process *p, uint64_t sid);
/* A NUL-terminated copy fit for people, in the process's pool. */
const char *process_display(struct process *p, uint64_t sid);
/* Bytes of a record, fit for people, in the process's pool. */
const char *process_bytes_display(struct process *p, struct rec_bytes b);

/* Path of an object for people, or "" where it is unknown. */
const char *process_object_path(struct process *p, uint64_t object);

/* PATH, where it is relative, as seen from where the process was started; released with free(). */
char *process_absolute(const struct process *p, const char *path);

/* When the process ended, or the last moment known (monotonic ns). */
uint64_t process_end_ns(const struct process *p);
/* 1: it has ended, but nobody saw when: process_end_ns or later. */
int process_end_unseen(const struct process *p);
/* CPU time of all its threads, the kernel's too; 0: not known, or too little to be counted. */
uint64_t process_cpu_ns(const struct process *p);
/* How long one thread waited for a processor while it could run (docs/FORMAT.md, end); < 0: not known. */
double process_queued_ns(const struct process *p);
/* 1: its end record has the kernel's account of it (CPU time, resident memory); a killed process has none. */
int process_usage_told(const struct process *p);
/* When the shim was ready, nanoseconds since 1970: files that changed later need not be those that the process read. */
uint64_t process_attach_real_ns(const struct process *p);
/* MONO_NS relative to process start; 0 for moments before it. */
uint64_t process_since_start(const struct process *p, uint64_t mono_ns);

/* End of a span; of one that never ended: the end of its process. */
uint64_t span_end_ns(const struct process *p, const struct span *s);
static inline uint64_t span_total_ns(const struct process *p, const struct span *s)
{
    uint64_t end = span_end_ns(p, s);
    return end > s->begin.begin_ns ? end - s->begin.begin_ns : 0;
}

#endif
