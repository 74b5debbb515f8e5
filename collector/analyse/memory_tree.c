/* memory_tree: see memory_tree.h. */
#include "collector/analyse/memory_tree.h"

#include "collector/analyse/memory_gc.h"
#include "collector/analyse/memory_sums.h"
#include "collector/analyse/stack_adder.h"

/* What a site weighs: how many blocks, or bytes, or the time that was charged to it times FACTOR. */
struct weighing {
    enum memory_sum which;
    enum { WEIGH_BYTES, WEIGH_BLOCKS, WEIGH_TIME } by;
    double factor;
};

static uint64_t weight_of(const struct weighing *w, const struct memory_sums *s)
{
    const struct memory_amount *a = &s->of[w->which];
    if (w->by == WEIGH_TIME)
        return (uint64_t)((double)s->gc_ns * w->factor + 0.5);
    return w->by == WEIGH_BLOCKS ? a->n : a->bytes;
}

static void add(const struct stack_part *p, const struct weighing *w)
{
    struct frames f;
    const struct rowset *sites = &p->process->heap.sites;
    int open = memory_open(p->process);
    if (!sites->n)
        return;
    frames_init(&f, p->process, p->symbols, p->choice->by);
    struct merger *m = merger_new(&f);
    struct stack_adder adder = {.tree = p->tree, .frames = &f, .under = p->under};
    for (size_t i = 0; i < sites->n; i++) {
        const struct alloc_site *site = rowset_at(sites, i);
        struct memory_sums sums = memory_sums_of(site, open);
        struct sample_total at = {.native = site->about.native, .lua = site->about.lua};
        uint64_t weight = weight_of(w, &sums);
        if (weight)
            stack_tree_add(p->tree, stack_adder_node(&adder, merger_stack(m, &at)), weight);
    }
    stack_adder_release(&adder);
    merger_free(m);
    frames_release(&f);
}

void memory_add_bytes(const struct stack_part *p)
{
    add(p, &(struct weighing){.which = MEMORY_MADE, .by = WEIGH_BYTES});
}

void memory_add_count(const struct stack_part *p)
{
    add(p, &(struct weighing){.which = MEMORY_MADE, .by = WEIGH_BLOCKS});
}

void memory_add_live(const struct stack_part *p)
{
    add(p, &(struct weighing){.which = MEMORY_LIVE, .by = WEIGH_BYTES});
}

void memory_add_peak(const struct stack_part *p)
{
    add(p, &(struct weighing){.which = MEMORY_PEAK, .by = WEIGH_BYTES});
}

void memory_add_gc(const struct stack_part *p)
{
    add(p, &(struct weighing){.by = WEIGH_TIME, .factor = memory_gc_factor(p->process)});
}
