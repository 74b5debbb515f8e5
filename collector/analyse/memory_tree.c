/* memory_tree: see memory_tree.h. */
#include "collector/analyse/memory_tree.h"

#include "collector/analyse/memory_gc.h"
#include "collector/analyse/memory_sums.h"
#include "collector/analyse/stack_merge.h"

static void stack_add(const struct stack_part *p, struct frames *f, const struct merged *stack,
                      uint64_t weight)
{
    uint32_t node = p->under;
    for (size_t i = stack->n; i-- > 0;)
        node = stack_tree_child(p->tree, node, stack_tree_frame(p->tree, &f->at[stack->frame[i]]));
    stack_tree_add(p->tree, node, weight);
}

/* What a site weighs: BLOCKS: how many; else how many bytes; times FACTOR. */
struct weighing {
    enum memory_sum which;
    int blocks;
    double factor;
};

static uint64_t weight_of(const struct weighing *w, const struct memory_sums *s)
{
    const struct memory_amount *a = &s->of[w->which];
    return (uint64_t)((double)(w->blocks ? a->n : a->bytes) * w->factor + 0.5);
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
    for (size_t i = 0; i < sites->n; i++) {
        const struct alloc_site *site = rowset_at(sites, i);
        struct memory_sums sums = memory_sums_of(site, open);
        struct sample_total at = {.native = site->about.native, .lua = site->about.lua};
        if (weight_of(w, &sums))
            stack_add(p, &f, merger_stack(m, &at), weight_of(w, &sums));
    }
    merger_free(m);
    frames_release(&f);
}

void memory_add_bytes(const struct stack_part *p)
{
    add(p, &(struct weighing){MEMORY_MADE, 0, 1});
}

void memory_add_count(const struct stack_part *p)
{
    add(p, &(struct weighing){MEMORY_MADE, 1, 1});
}

void memory_add_live(const struct stack_part *p)
{
    add(p, &(struct weighing){MEMORY_LIVE, 0, 1});
}

void memory_add_peak(const struct stack_part *p)
{
    add(p, &(struct weighing){MEMORY_PEAK, 0, 1});
}

void memory_add_gc(const struct stack_part *p)
{
    add(p, &(struct weighing){MEMORY_COLLECTED, 1, memory_gc_ns_per_block(p->process)});
}
