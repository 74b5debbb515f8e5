/* sample_table: see sample_table.h. */
#include "collector/model/sample_table.h"

#include <string.h>

void sample_table_init(struct sample_table *t)
{
    memset(t, 0, sizeof *t);
    rowset_init(&t->rows, sizeof(struct sample_total));
}

void sample_table_release(struct sample_table *t)
{
    rowset_release(&t->rows);
}

static uint64_t mixed(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static int is_of(const struct sample_total *s, const struct rec_sample *r)
{
    return !s->n || (s->native == r->native && s->lua == r->lua && s->state == r->state &&
                     s->tid == (uint32_t)r->tid && s->flags == (uint32_t)r->flags);
}

void sample_table_add(struct sample_table *t, const struct rec_sample *r)
{
    uint64_t key = mixed(mixed(mixed(r->native, r->lua), r->state), r->tid << 8 ^ r->flags);
    struct sample_total *s = rowset_put(&t->rows, key);
    while (!is_of(s, r)) /* two stacks of one key */
        s = rowset_put(&t->rows, ++key);
    if (!s->n)
        *s = (struct sample_total){.native = r->native,
                                   .lua = r->lua,
                                   .state = r->state,
                                   .tid = (uint32_t)r->tid,
                                   .flags = (uint32_t)r->flags};
    s->n++;
    s->periods += r->periods ? r->periods : 1;
    t->n++;
}

int sample_window_holds(const struct sample_window *w, uint64_t since_ns)
{
    return since_ns >= w->from_ns && (!w->to_ns || since_ns < w->to_ns);
}
