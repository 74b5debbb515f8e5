/* memory_model: see memory_model.h. */
#include "collector/model/memory_model.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"
#include "wire/enums.h"

void memory_model_init(struct memory_model *m)
{
    memset(m, 0, sizeof *m);
    rowset_init(&m->sites, sizeof(struct alloc_site));
    rowset_init(&m->gcs, sizeof(struct rec_gc));
    rowset_init(&m->cycles, sizeof(struct rec_gc_cycle));
}

void memory_model_release(struct memory_model *m)
{
    for (size_t i = 0; i < m->mark_n; i++)
        free(m->mark[i].cell);
    free(m->mark);
    rowset_release(&m->sites);
    rowset_release(&m->gcs);
    rowset_release(&m->cycles);
}

/* What lived then: now, as the trace is read; at a fork, what was inherited, though that was written later. */
static struct mark_cell live_at(const struct mark *m, const struct alloc_site *s, uint32_t row)
{
    if (m->about.origin == MARK_FORK)
        return (struct mark_cell){row, s->count.inherited_n, s->count.inherited_bytes};
    return (struct mark_cell){row, s->count.live_n, s->count.live_bytes};
}

static int is_live(const struct mark_cell *c)
{
    return c->n || c->bytes;
}

static void copy_live(struct memory_model *m, struct mark *to)
{
    size_t n = 0;
    for (size_t i = 0; i < m->sites.n; i++) {
        struct mark_cell c = live_at(to, rowset_at(&m->sites, i), (uint32_t)i);
        n += (size_t)is_live(&c);
    }
    if (m->cell_n + n > MEMORY_MARK_CELLS_MAX) {
        to->is_short = 1;
        return;
    }
    to->cell = xcalloc(n, sizeof *to->cell);
    for (size_t i = 0; i < m->sites.n; i++) {
        struct mark_cell c = live_at(to, rowset_at(&m->sites, i), (uint32_t)i);
        if (is_live(&c))
            to->cell[to->cell_n++] = c;
    }
    m->cell_n += n;
}

/* The one of this id, emptied, or a new one; NULL where there are too many. */
static struct mark *mark_place(struct memory_model *m, uint64_t id)
{
    for (size_t i = m->mark_n; i-- > 0 && m->mark[i].about.id >= id;)
        if (m->mark[i].about.id == id) {
            m->cell_n -= m->mark[i].cell_n;
            free(m->mark[i].cell);
            return &m->mark[i];
        }
    if (m->mark_n == MEMORY_MARKS_MAX)
        return NULL;
    m->mark = xgrow(m->mark, m->mark_n, &m->mark_cap, sizeof *m->mark);
    return &m->mark[m->mark_n++];
}

int memory_model_mark(struct memory_model *m, const struct rec_mark *r)
{
    struct mark *mark = mark_place(m, r->id);
    if (!mark)
        return -1;
    *mark = (struct mark){.about = *r};
    copy_live(m, mark);
    return 0;
}

struct mark_cell mark_live(const struct mark *m, uint32_t site)
{
    size_t lo = 0, hi = m->cell_n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->cell[mid].site < site)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < m->cell_n && m->cell[lo].site == site ? m->cell[lo]
                                                      : (struct mark_cell){site, 0, 0};
}
