/* sample_table: see sample_table.h. */
#include "collector/model/sample_table.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

enum { SLOTS_FIRST = 1024 };

void sample_table_release(struct sample_table *t)
{
    free(t->row);
    free(t->slot);
    sample_log_free(t->log);
    memset(t, 0, sizeof *t);
}

static uint64_t mixed(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static uint64_t hash_of(const struct sample_total *s)
{
    return mixed(mixed(mixed(s->native, s->lua), s->state ^ s->coroutine),
                 (uint64_t)s->tid << 32 ^ s->flags);
}

static int is_same(const struct sample_total *a, const struct sample_total *b)
{
    return a->native == b->native && a->lua == b->lua && a->state == b->state && a->tid == b->tid &&
           a->flags == b->flags && a->coroutine == b->coroutine;
}

static void slots_grow(struct sample_table *t)
{
    if (t->slot_n >= 2 * (t->row_n + SAMPLE_BATCH))
        return;
    free(t->slot);
    t->slot_n = t->slot_n ? 2 * t->slot_n : SLOTS_FIRST;
    t->slot = xcalloc(t->slot_n, sizeof *t->slot);
    for (size_t i = 0; i < t->row_n; i++) {
        uint64_t hash = hash_of(&t->row[i]);
        size_t at = hash & (t->slot_n - 1);
        while (t->slot[at].row)
            at = (at + 1) & (t->slot_n - 1);
        t->slot[at] = (struct sample_slot){(uint32_t)(hash >> 32), (uint32_t)i + 1};
    }
}

/* Returns the number of the row. */
static uint32_t row_add(struct sample_table *t, const struct sample_total *s, uint64_t hash)
{
    size_t at = hash & (t->slot_n - 1);
    for (; t->slot[at].row; at = (at + 1) & (t->slot_n - 1)) {
        struct sample_total *row = &t->row[t->slot[at].row - 1];
        if (t->slot[at].hash != (uint32_t)(hash >> 32) || !is_same(row, s))
            continue;
        row->n += s->n;
        row->periods += s->periods;
        row->squares += s->squares;
        return t->slot[at].row - 1;
    }
    t->row = xgrow(t->row, t->row_n, &t->row_cap, sizeof *t->row);
    t->row[t->row_n++] = *s;
    t->slot[at] = (struct sample_slot){(uint32_t)(hash >> 32), (uint32_t)t->row_n};
    return (uint32_t)t->row_n - 1;
}

void sample_table_flush(struct sample_table *t)
{
    for (size_t i = 0; i < t->batch_n; i++) {
        uint32_t row = t->slot[t->batch_hash[i] & (t->slot_n - 1)].row;
        if (row)
            __builtin_prefetch(&t->row[row - 1]);
    }
    for (size_t i = 0; i < t->batch_n; i++) {
        uint32_t row = row_add(t, &t->batch[i], t->batch_hash[i]);
        if (t->log)
            sample_log_add(t->log, t->batch_since[i], row, t->batch[i].periods);
    }
    t->batch_n = 0;
}

void sample_table_add(struct sample_table *t, const struct rec_sample *r, uint64_t since_ns)
{
    if (t->batch_n == SAMPLE_BATCH)
        sample_table_flush(t);
    if (!t->batch_n)
        slots_grow(t);
    struct sample_total *s = &t->batch[t->batch_n];
    uint64_t periods = r->periods ? r->periods : 1;
    *s = (struct sample_total){.native = r->native,
                               .lua = r->lua,
                               .state = r->state,
                               .tid = (uint32_t)r->tid,
                               .flags = (uint32_t)r->flags,
                               .n = 1,
                               .periods = periods,
                               .squares = (double)periods * (double)periods,
                               .coroutine = t->log ? r->coroutine : 0};
    t->batch_since[t->batch_n] = since_ns;
    t->batch_hash[t->batch_n] = hash_of(s);
    __builtin_prefetch(&t->slot[t->batch_hash[t->batch_n] & (t->slot_n - 1)]);
    t->batch_n++;
    t->n++;
}

int sample_window_holds(const struct sample_window *w, uint64_t since_ns)
{
    return since_ns >= w->from_ns && (!w->to_ns || since_ns < w->to_ns);
}
