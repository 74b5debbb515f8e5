/* stack_profile: see stack_profile.h. */
#include "collector/analyse/stack_profile.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_adder.h"
#include "collector/util/xalloc.h"

void stack_thread_choose(struct stack_thread *t, const struct process *p,
                         const struct stack_choice *c)
{
    char *end = NULL;
    memset(t, 0, sizeof *t);
    t->process = p;
    t->name = c->thread;
    if (t->name)
        t->tid = strtoull(t->name, &end, 10);
    if (end && *end)
        t->tid = 0;
    t->answer = !t->name;
}

static int name_matches(const struct stack_thread *t, uint64_t tid)
{
    const struct rec_thread *r = rowset_find(&t->process->threads, tid);
    if (!r || !r->name.n)
        return 0;
    char *name = xstrndup((const char *)r->name.at, r->name.n);
    int yes = fnmatch(t->name, name, 0) == 0;
    free(name);
    return yes;
}

int stack_thread_is(struct stack_thread *t, uint64_t tid)
{
    if (!t->name || t->last == tid)
        return t->answer;
    t->last = tid;
    t->answer = t->tid ? t->tid == tid : name_matches(t, tid);
    return t->answer;
}

static void spread_add(struct stack_spread *to, const struct sample_total *s, double period)
{
    if (s->flags & SAMPLE_WAITING)
        return;
    to->n += (double)s->n;
    to->weight += (double)s->periods * period;
    to->squares += s->squares * period * period;
}

static void quality_add(struct stack_quality *q, const struct sample_total *s,
                        const struct merged *stack, uint64_t weight)
{
    q->samples_n += s->n;
    q->weight += weight;
    q->state_weight[stack->state] += weight;
    if (s->flags & SAMPLE_WAITING) {
        q->waiting_n += s->n;
        return;
    }
    if (s->flags & SAMPLE_NO_NATIVE || !s->native)
        q->no_native_n += s->n;
    if (s->flags & SAMPLE_LUA_BUSY)
        q->busy_n += s->n;
    if (stack->is_cut)
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

uint64_t stack_distance_ns(const struct process *p)
{
    uint64_t hz = p->sampler.asked_hz;
    return hz ? 1000000000u / hz : stack_period_ns(p);
}

uint64_t stack_handler_under_us(const struct process *p, double share)
{
    const uint64_t *n = p->sampler.handler_us_n;
    uint64_t all = 0, sum = 0;
    unsigned i;
    for (i = 0; i < SAMPLER_BUCKET_N; i++)
        all += n[i];
    for (i = 0; i < SAMPLER_BUCKET_N - 1; i++) {
        sum += n[i];
        if ((double)sum >= share * (double)all)
            break;
    }
    uint64_t end = sampler_bucket_end_us(i);
    return !all ? 0 : end != UINT64_MAX ? end : p->sampler.handler_max_ns / 1000 + 1;
}

void stack_profile_add(struct stack_tree *tree, uint32_t under, struct frames *f,
                       const struct stack_choice *c, struct stack_quality *q)
{
    struct process *p = f->process;
    struct merger *m = merger_new(f);
    struct stack_adder adder = {.tree = tree, .frames = f, .under = under};
    struct stack_thread thread;
    uint64_t period = stack_period_ns(p);
    uint32_t *order = merger_order(m);
    stack_thread_choose(&thread, p, c);
    for (size_t i = 0; i < p->samples.row_n; i++) {
        const struct sample_total *s = &p->samples.row[order[i]];
        if (!stack_thread_is(&thread, s->tid) || (c->state && s->state != c->state))
            continue;
        const struct merged *stack = merger_stack(m, s);
        stack_tree_add(tree, stack_adder_node(&adder, stack), s->periods * period);
        quality_add(q, s, stack, s->periods * period);
        spread_add(&q->spread, s, (double)period);
        spread_add(&tree->spread, s, (double)period);
        tree->samples_n += s->n;
    }
    q->thread_n += p->threads.n;
    q->gc_hidden |= !f->gc_known;
    free(order);
    stack_adder_release(&adder);
    merger_free(m);
}

double stack_error(const struct stack_quality *q, uint64_t self)
{
    double whole = (double)q->weight, n = (double)q->samples_n, share;
    if (!q->weight || !q->samples_n)
        return 0;
    share = (double)self / whole;
    return whole * sqrt(share * (1 - share) * (1 + stack_spread_of(&q->spread)) / n);
}
