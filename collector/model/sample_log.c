/* sample_log: see sample_log.h. */
#include "collector/model/sample_log.h"

#include <stdlib.h>

#include "collector/util/xalloc.h"

enum { BUCKETS_LEAST = 64 };

struct sample_log *sample_log_new(void)
{
    struct sample_log *l = xcalloc(1, sizeof *l);
    l->max = SAMPLE_LOG_MAX;
    l->bucket_ns = SAMPLE_LOG_FIRST_NS;
    return l;
}

void sample_log_free(struct sample_log *l)
{
    if (l)
        free(l->at);
    free(l);
}

static int by_time(const void *pa, const void *pb)
{
    const struct sample_log_entry *a = pa, *b = pb;
    if (a->bucket != b->bucket)
        return a->bucket < b->bucket ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Entries of one bucket and row become one, as far as their sum fits. */
static void add_up(struct sample_log *l)
{
    size_t kept = 0;
    if (l->n)
        qsort(l->at, l->n, sizeof *l->at, by_time);
    for (size_t i = 1; i < l->n; i++) {
        struct sample_log_entry *last = &l->at[kept], e = l->at[i];
        if (last->bucket == e.bucket && last->row == e.row &&
            last->periods <= UINT32_MAX - e.periods)
            last->periods += e.periods;
        else
            l->at[++kept] = e;
    }
    l->n = l->n ? kept + 1 : 0;
}

static void coarsen(struct sample_log *l)
{
    l->bucket_ns *= 2;
    for (size_t i = 0; i < l->n; i++)
        l->at[i].bucket /= 2;
}

static uint32_t last_bucket(const struct sample_log *l)
{
    uint32_t last = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i].bucket > last)
            last = l->at[i].bucket;
    return last;
}

static void give_up(struct sample_log *l)
{
    l->given_up = 1;
    l->n = 0;
}

/* A quarter of the room must come free, or it would be sorted for every few samples. */
static void make_room(struct sample_log *l)
{
    add_up(l);
    while (!l->given_up && l->n > l->max / 4 * 3) {
        if (last_bucket(l) < BUCKETS_LEAST) {
            give_up(l);
            return;
        }
        coarsen(l);
        add_up(l);
    }
}

void sample_log_add(struct sample_log *l, uint64_t since_ns, uint32_t row, uint64_t periods)
{
    if (l->n >= l->max)
        make_room(l);
    while (since_ns / l->bucket_ns > UINT32_MAX)
        coarsen(l);
    if (l->given_up)
        return;
    l->at = xgrow(l->at, l->n, &l->cap, sizeof *l->at);
    l->at[l->n++] =
        (struct sample_log_entry){(uint32_t)(since_ns / l->bucket_ns), row,
                                  periods < UINT32_MAX ? (uint32_t)periods : UINT32_MAX};
}

size_t sample_log_finish(struct sample_log *l, uint64_t end_ns, size_t bucket_max)
{
    uint64_t last = last_bucket(l);
    while (last >= bucket_max || end_ns / l->bucket_ns >= bucket_max) {
        coarsen(l);
        last /= 2;
    }
    add_up(l);
    uint64_t at_end = end_ns / l->bucket_ns;
    return (size_t)(at_end > last ? at_end : last) + 1;
}
