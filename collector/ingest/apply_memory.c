/* apply_memory: see apply_memory.h. */
#include "collector/ingest/apply_memory.h"

void apply_alloc_mode(struct process *p, const struct rec_alloc_mode *r)
{
    p->heap.mode = *r;
    p->heap.mode_seen = 1;
}

void apply_alloc_site(struct process *p, const struct rec_alloc_site *r)
{
    ((struct alloc_site *)rowset_put(&p->heap.sites, r->id))->about = *r;
}

void apply_alloc_count(struct process *p, const struct rec_alloc_count *r)
{
    struct alloc_site *s = rowset_put(&p->heap.sites, r->site);
    s->about.id = r->site;
    s->count = *r;
}

void apply_check(struct process *p, const struct rec_check *r)
{
    p->heap.checks = *r;
}

void apply_gc(struct process *p, const struct rec_gc *r)
{
    *(struct rec_gc *)rowset_put(&p->heap.gcs, r->state) = *r;
}

void apply_gc_cycle(struct process *p, const struct rec_gc_cycle *r)
{
    struct rowset *cycles = &p->heap.cycles;
    if (cycles->n < MEMORY_CYCLES_MAX)
        *(struct rec_gc_cycle *)rowset_put(cycles, cycles->n) = *r;
    if (r->end_ns > p->last_ns)
        p->last_ns = r->end_ns;
}

void apply_mark(struct process *p, const struct rec_mark *r)
{
    if (memory_model_mark(&p->heap, r))
        p->losses[LOSS_MARKS]++;
    if (r->at_ns > p->last_ns)
        p->last_ns = r->at_ns;
}
