/* sample_table: CPU samples added up: one row for each different stack, thread, state and set of
 * flags (and coroutine, where it is kept when they were taken), however many samples there are. */
#ifndef COLLECTOR_MODEL_SAMPLE_TABLE_H
#define COLLECTOR_MODEL_SAMPLE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "collector/model/sample_log.h"
#include "wire/record.h"

struct sample_total {
    uint64_t native, lua; /* innermost nodes; 0: none */
    uint64_t state;
    uint32_t tid, flags; /* flags: enum sample_flag, bits */
    uint64_t n;          /* samples */
    uint64_t periods;    /* that they stand for */
    double squares;      /* sum of the squares of these */
    uint64_t coroutine;  /* address; 0: none, or not kept */
};

/* The stretch of time that samples are taken from, since process start. */
struct sample_window {
    uint64_t from_ns, to_ns; /* to_ns 0: to the end */
    int times;               /* 1: when each was taken is kept, too */
};

/* Where a row is, by hash; a free place has row 0. */
struct sample_slot {
    uint32_t hash, row; /* row number + 1 */
};

/* Samples are added in batches, so that the memory they need can be fetched meanwhile. */
enum { SAMPLE_BATCH = 32 };

struct sample_table {
    struct sample_total *row;
    size_t row_n, row_cap;
    struct sample_slot *slot; /* open addressing; slot_n is a power of two */
    size_t slot_n;
    uint64_t n;                              /* samples in the rows */
    uint64_t outside_n;                      /* samples outside the window */
    struct sample_total batch[SAMPLE_BATCH]; /* as rows */
    uint64_t batch_hash[SAMPLE_BATCH];
    uint64_t batch_since[SAMPLE_BATCH]; /* when, since process start */
    size_t batch_n;
    struct sample_log *log; /* owned; NULL: not wanted */
};

/* A zeroed table is an empty one. */
void sample_table_release(struct sample_table *t);
/* SINCE_NS: when, since process start. */
void sample_table_add(struct sample_table *t, const struct rec_sample *r, uint64_t since_ns);
/* To be called before the rows are read. */
void sample_table_flush(struct sample_table *t);

/* 1 where SINCE_NS (since process start) is within W. */
int sample_window_holds(const struct sample_window *w, uint64_t since_ns);

#endif
