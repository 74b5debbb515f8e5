/* sample_table: CPU samples added up: one row for each different stack, thread, state and set of
 * flags, however many samples there are. */
#ifndef COLLECTOR_MODEL_SAMPLE_TABLE_H
#define COLLECTOR_MODEL_SAMPLE_TABLE_H

#include <stdint.h>

#include "collector/util/rowset.h"
#include "wire/record.h"

struct sample_total {
    uint64_t native, lua; /* innermost nodes; 0: none */
    uint64_t state;
    uint32_t tid, flags; /* flags: enum sample_flag, bits */
    uint64_t n;          /* samples; 0: a row not used yet */
    uint64_t periods;    /* that they stand for */
};

/* The stretch of time that samples are taken from, since process start. */
struct sample_window {
    uint64_t from_ns, to_ns; /* to_ns 0: to the end */
};

struct sample_table {
    struct rowset rows; /* struct sample_total */
    uint64_t n;         /* samples in them */
    uint64_t outside_n; /* samples outside the window */
};

void sample_table_init(struct sample_table *t);
void sample_table_release(struct sample_table *t);
void sample_table_add(struct sample_table *t, const struct rec_sample *r);

/* 1 where SINCE_NS (since process start) is within W. */
int sample_window_holds(const struct sample_window *w, uint64_t since_ns);

#endif
