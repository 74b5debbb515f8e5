/* sample_log: when samples were taken: rows of a sample_table by stretches of time ("buckets").
 *
 * Bounded: where it would grow beyond SAMPLE_LOG_MAX entries the stretches are made twice as long and
 * equal rows within one are added up; where even 64 stretches do not fit, it is given up. */
#ifndef COLLECTOR_MODEL_SAMPLE_LOG_H
#define COLLECTOR_MODEL_SAMPLE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum { SAMPLE_LOG_MAX = 2 << 20, SAMPLE_LOG_FIRST_NS = 1000000 };

struct sample_log_entry {
    uint32_t bucket, row, periods;
};

struct sample_log {
    struct sample_log_entry *at;
    size_t n, cap;
    size_t max;         /* SAMPLE_LOG_MAX, or less in tests */
    uint64_t bucket_ns; /* length of a stretch; the first begins at process start */
    int given_up;       /* 1: there were too many different stacks */
};

struct sample_log *sample_log_new(void);
void sample_log_free(struct sample_log *l); /* NULL is fine */

void sample_log_add(struct sample_log *l, uint64_t since_ns, uint32_t row, uint64_t periods);

/* Brings the entries in order of bucket and row, equal ones added up, in stretches long enough that
 * BUCKET_MAX of them reach to END_NS.  Returns how many there are; nothing is added afterwards. */
size_t sample_log_finish(struct sample_log *l, uint64_t end_ns, size_t bucket_max);

#endif
