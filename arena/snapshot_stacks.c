/* snapshot_stacks: what CPU samples refer to.  See snapshot.h. */
#include "arena/snapshot_parts.h"

static int protos(const struct snapshot *s)
{
    struct arena *a = s->a;
    uint32_t n = snapshot_at_most(atomic_load(&a->protos_n), ARENA_PROTOS_MAX);
    for (; a->protos_emitted < n; a->protos_emitted++) {
        struct arena_proto *p = &a->protos[a->protos_emitted];
        if (!atomic_load_explicit(&p->ready, memory_order_acquire))
            return 0;
        struct rec_proto r = {a->protos_emitted + 1, p->source, p->line_defined, p->last_line};
        int stop = SNAPSHOT_EMIT(s, proto, &r);
        if (stop)
            return stop;
    }
    return 0;
}

static int nodes(const struct snapshot *s)
{
    struct arena *a = s->a;
    uint32_t n = snapshot_at_most(atomic_load(&a->nodes_n), ARENA_NODES_MAX);
    for (; a->nodes_emitted < n; a->nodes_emitted++) {
        struct arena_node *d = &a->nodes[a->nodes_emitted];
        if (!atomic_load_explicit(&d->ready, memory_order_acquire))
            return 0;
        struct rec_node r = {a->nodes_emitted + 1, d->parent, d->kind, d->value, d->line, d->flags};
        int stop = SNAPSHOT_EMIT(s, node, &r);
        if (stop)
            return stop;
    }
    return 0;
}

static int sampler(const struct snapshot *s)
{
    struct arena_sampler *p = &s->a->sampler;
    uint64_t n = atomic_load(&p->handler_n), what = (n << 2 | p->mechanism) + 1;
    if (p->clock == CLOCK_OFF || p->emitted_what == what)
        return 0;
    struct rec_sampler r = {.clock = p->clock,
                            .asked_hz = p->asked_hz,
                            .period_ns = p->period_ns,
                            .mechanism = p->mechanism,
                            .signal = p->signal,
                            .handler_n = n,
                            .handler_ns = atomic_load(&p->handler_ns),
                            .handler_max_ns = atomic_load(&p->handler_max_ns),
                            .handler_us_n_n = SAMPLER_BUCKET_N,
                            .system_too = p->system_too};
    for (int i = 0; i < SAMPLER_BUCKET_N; i++)
        r.handler_us_n[i] = atomic_load(&p->handler_us_n[i]);
    int stop = SNAPSHOT_EMIT(s, sampler, &r);
    p->emitted_what = stop ? p->emitted_what : what;
    return stop;
}

/* Untouched memory of the arena is not even looked at where nothing was sampled. */
int snapshot_stacks(const struct snapshot *s)
{
    if (s->a->copies_n == 0 || s->a->sampler_used == 0)
        return 0;
    int stop = protos(s);
    if (!stop)
        stop = nodes(s);
    return stop ? stop : sampler(s);
}
