/* stack_hot: see stack_hot.h. */
#include "collector/analyse/stack_hot.h"

#include <string.h>

#include "collector/analyse/stack_metric.h"
#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

void stack_hot_build(struct stack_hot *h, struct process *p, struct symbols *symbols,
                     enum frame_by by)
{
    struct frames f;
    struct stack_choice c = {.by = by};
    memset(h, 0, sizeof *h);
    stack_tree_init(&h->tree, stack_metric_at(p->sampler.clock == CLOCK_WALL ? STACK_METRIC_WALL
                                                                             : STACK_METRIC_CPU));
    frames_init(&f, p, symbols, by);
    stack_profile_add(&h->tree, 0, &f, &c, &h->quality);
    frames_release(&f);
    stack_tree_finish(&h->tree);
    frame_sums_build(&h->sums, &h->tree);
}

void stack_hot_release(struct stack_hot *h)
{
    frame_sums_release(&h->sums);
    stack_tree_release(&h->tree);
}

size_t stack_hot_pick(const struct stack_hot *h, const char *filter, int lua_only, size_t **row)
{
    size_t n = 0;
    *row = xcalloc(h->sums.n, sizeof **row);
    for (size_t i = 0; i < h->sums.n; i++) {
        const struct frame *f = &h->tree.frame[h->sums.row[i].frame];
        if (!h->sums.row[i].self || (lua_only && (f->kind != FRAME_LUA || !f->line)))
            continue;
        if (pattern_match(filter, f->label) || pattern_match(filter, f->file))
            (*row)[n++] = i;
    }
    return n;
}
