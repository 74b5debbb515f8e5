/* memory_rows: allocation added up by line, function, module, kind, C function or calling library. */
#ifndef COLLECTOR_ANALYSE_MEMORY_ROWS_H
#define COLLECTOR_ANALYSE_MEMORY_ROWS_H

#include "collector/analyse/memory_sums.h"
#include "collector/analyse/stack_frames.h"

enum memory_by {
    MEMORY_BY_LINE,       /* of the innermost Lua function */
    MEMORY_BY_FUNCTION,   /* the innermost Lua function */
    MEMORY_BY_MODULE,     /* its module */
    MEMORY_BY_KIND,       /* strings, tables ...; userdata by the name of their metatable */
    MEMORY_BY_C_FUNCTION, /* the C function that Lua had called, where one was running */
    MEMORY_BY_LIBRARY     /* C memory: the object whose code asked for it */
};

struct memory_row {
    const char *label, *file; /* fit for people; in the process's pool */
    uint64_t line;            /* 0: none */
    const char *function;     /* MEMORY_BY_LINE: of the line; else NULL */
    int is_lua;               /* 1: a place in Lua code */
    uint32_t site;            /* row of the site that made most of it */
    uint64_t site_bytes;
    struct memory_sums sums;
};

struct memory_rows {
    struct memory_row *row; /* most bytes made first */
    size_t n;
    struct memory_sums whole; /* of all rows */
};

/* HEAPS: bits by enum alloc_heap.  Sites to which BY does not apply are left out. */
enum { MEMORY_HEAP_LUA = 1 << HEAP_LUA, MEMORY_HEAP_C = 1 << HEAP_C };
void memory_rows_build(struct memory_rows *r, struct process *p, struct symbols *symbols,
                       enum memory_by by, unsigned heaps);
void memory_rows_release(struct memory_rows *r);

/* Orders rows by one of the sums, most bytes first; by the collector's time that was charged. */
void memory_rows_sort(struct memory_rows *r, enum memory_sum by);
void memory_rows_sort_charged(struct memory_rows *r);

/* The frame that BY names for SITE; UINT32_MAX: it does not apply.  F was made for memory_frames_by(BY). */
uint32_t memory_place(struct frames *f, enum memory_by by, const struct alloc_site *site);
enum frame_by memory_frames_by(enum memory_by by);

#endif
