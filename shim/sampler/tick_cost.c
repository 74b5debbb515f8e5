/* tick_cost: see tick_cost.h. */
#include "shim/sampler/tick_cost.h"

#include "shim/record/record_api.h"
#include "shim/sampler/sampler.h"

enum { NOT_MEASURED = 0 };

/* A filter of the host's may not know of CPU time, while the other clock is no system call. */
static uint64_t clock_ns(void)
{
    return sampler_is_fenced() ? now_ns() : cpu_now_ns();
}

uint64_t tick_cost_begin(uint64_t n)
{
    return n % TICK_COST_ONE_IN == 0 ? clock_ns() : NOT_MEASURED;
}

void tick_cost_end(uint64_t begin_ns)
{
    struct arena_sampler *p = &arena->sampler;
    uint64_t now = begin_ns != NOT_MEASURED ? clock_ns() : 0;
    if (now <= begin_ns) /* or fenced in just now */
        return;
    uint64_t ns = now - begin_ns;
    atomic_fetch_add_explicit(&p->handler_us_n[sampler_bucket_of(ns / 1000)], 1,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&p->handler_n, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->handler_ns, ns, memory_order_relaxed);
    if (ns > atomic_load_explicit(&p->handler_max_ns, memory_order_relaxed))
        atomic_store_explicit(&p->handler_max_ns, ns, memory_order_relaxed);
}
