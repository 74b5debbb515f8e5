/* stack_profile: see stack_profile.h. */
#include "collector/analyse/stack_profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

/* The tree's numbers of the frames of a process. */
struct numbers {
    uint32_t *at; /* + 1; 0: not asked for yet */
    size_t n;
};

static uint32_t tree_frame(struct stack_tree *tree, const struct frames *f, struct numbers *num,
                           uint32_t frame)
{
    if (frame >= num->n) {
        size_t n = f->n + f->n / 2;
        num->at = xrealloc(num->at, n, sizeof *num->at);
        memset(num->at + num->n, 0, (n - num->n) * sizeof *num->at);
        num->n = n;
    }
    if (!num->at[frame])
        num->at[frame] = stack_tree_frame(tree, &f->at[frame]) + 1;
    return num->at[frame] - 1;
}

/* The node on the way from NODE up to UNDER that is FRAME's; NODE's child where there is none. */
static uint32_t step(struct stack_tree *tree, uint32_t under, uint32_t node, uint32_t frame,
                     int merge_recursion)
{
    if (merge_recursion)
        for (uint32_t i = node; i != under; i = stack_tree_at(tree, i)->parent)
            if (stack_tree_at(tree, i)->frame == frame)
                return i;
    return stack_tree_child(tree, node, frame);
}

static void quality_add(struct stack_quality *q, const struct sample_total *s,
                        const struct merged *stack, uint64_t weight)
{
    q->samples_n += s->n;
    q->weight += weight;
    q->state_weight[stack->state] += weight;
    if (s->flags & SAMPLE_NO_NATIVE || !s->native)
        q->no_native_n += s->n;
    if (s->flags & SAMPLE_LUA_BUSY)
        q->busy_n += s->n;
    if (s->flags & (SAMPLE_TRUNCATED_NATIVE | SAMPLE_TRUNCATED_LUA))
        q->cut_n += s->n;
    if (stack->runs_lua)
        q->lua_n += s->n;
    if (stack->line_stale)
        q->stale_n += s->n;
}

uint64_t stack_period_ns(const struct process *p)
{
    uint64_t hz = p->sampler.asked_hz;
    return p->sampler.period_ns ? p->sampler.period_ns : hz ? 1000000000u / hz : 1000000u;
}

void stack_profile_add(struct stack_tree *tree, uint32_t under, struct frames *f,
                       const struct stack_choice *c, struct stack_quality *q)
{
    struct process *p = f->process;
    struct merger *m = merger_new(f);
    struct numbers num = {0};
    uint64_t period = stack_period_ns(p);
    for (size_t i = 0; i < p->samples.row_n; i++) {
        const struct sample_total *s = &p->samples.row[i];
        if ((c->tid && s->tid != c->tid) || (c->state && s->state != c->state))
            continue;
        const struct merged *stack = merger_stack(m, s);
        uint32_t node = under;
        for (size_t k = 0; k < stack->n; k++) {
            uint32_t frame = stack->frame[c->inverted ? k : stack->n - 1 - k];
            node = step(tree, under, node, tree_frame(tree, f, &num, frame), c->merge_recursion);
        }
        stack_tree_add(tree, node, s->periods * period);
        quality_add(q, s, stack, s->periods * period);
        tree->samples_n += s->n;
    }
    q->thread_n += p->threads.n;
    q->gc_hidden |= !f->gc_known;
    free(num.at);
    merger_free(m);
}

double stack_error(const struct stack_quality *q, uint64_t self)
{
    double whole = (double)q->weight, n = (double)q->samples_n, share;
    if (!q->weight || !q->samples_n)
        return 0;
    share = (double)self / whole;
    return whole * sqrt(share * (1 - share) / n);
}
