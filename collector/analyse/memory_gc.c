/* memory_gc: see memory_gc.h. */
#include "collector/analyse/memory_gc.h"

#include <string.h>

static void state_add(struct gc_totals *g, const struct rec_gc *r)
{
    g->how = g->state_n ? g->how & (unsigned)r->how : (unsigned)r->how;
    g->state_n++;
    g->step_n += r->step_n;
    g->full_n += r->full_n;
    g->call_n += r->call_n;
    g->step_ns += r->step_ns;
    g->full_ns += r->full_ns;
    g->call_ns += r->call_ns;
    g->finalize_n += r->finalize_n;
    g->finalize_ns += r->finalize_ns;
    g->close_finalize_n += r->close_finalize_n;
    g->close_finalize_ns += r->close_finalize_ns;
    g->cycle_n += r->cycle_n;
    g->minor_n += r->minor_n;
    g->unlisted_n += r->unlisted_n;
    g->free_n += r->free_n;
    g->free_bytes += r->free_bytes;
    g->generational_n += r->generational != 0;
    if (r->pause_max_ns > g->pause_max_ns)
        g->pause_max_ns = r->pause_max_ns;
    for (int i = 0; i < GC_PAUSE_N; i++)
        g->pause_n[i] += r->pause_n[i];
}

void gc_totals(struct gc_totals *g, const struct process *p)
{
    memset(g, 0, sizeof *g);
    for (size_t i = 0; i < p->heap.gcs.n; i++)
        state_add(g, rowset_at(&p->heap.gcs, i));
    for (size_t i = 0; i < p->heap.sites.n; i++)
        g->charged_ns += ((const struct alloc_site *)rowset_at(&p->heap.sites, i))->count.gc_ns;
}

uint64_t gc_pause_ns(const struct gc_totals *g, double share)
{
    uint64_t all = 0, seen = 0;
    for (int i = 0; i < GC_PAUSE_N; i++)
        all += g->pause_n[i];
    for (int i = 0; i < GC_PAUSE_N && all; i++) {
        seen += g->pause_n[i];
        if ((double)seen < share * (double)all)
            continue;
        uint64_t end = UINT64_C(2) << i;
        return g->pause_max_ns && end > g->pause_max_ns ? g->pause_max_ns : end;
    }
    return 0;
}

double memory_gc_factor(const struct process *p)
{
    struct gc_totals g;
    gc_totals(&g, p);
    return g.how & GC_HOW_STEPS && g.charged_ns ? (double)gc_total_ns(&g) / (double)g.charged_ns
                                                : 0;
}
