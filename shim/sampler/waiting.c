/* waiting: see waiting.h. */
#include "shim/sampler/waiting.h"

#include <errno.h>

#include "shim/fork_mark.h"
#include "shim/record/record_api.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/tick.h"

int waiting_on;

void waiting_begin(struct tick_thread *t)
{
    t->wall_ns = now_ns();
    t->cpu_ns = cpu_now_ns();
}

uint64_t waiting_units(struct tick_thread *t)
{
    uint64_t wall = now_ns(), cpu = cpu_now_ns(), each = sampler_distance_ns();
    uint64_t passed = wall - t->wall_ns, used = cpu - t->cpu_ns;
    t->wall_ns = wall;
    t->cpu_ns = cpu;
    if (passed > used)
        t->uncharged_ns += passed - used;
    uint64_t n = t->uncharged_ns / each;
    t->uncharged_ns -= n * each;
    return n * TICK_UNITS;
}

/* Charges what this thread has waited to the stack as it is here. */
static COLD void charge(void)
{
    fork_mark_look();
    struct tick_thread *t = tick_now;
    if (t == NULL || t->busy || tick_stopped)
        return;
    int saved = errno;
    t->busy = 1;
    uint64_t n = waiting_units(t);
    if (n != 0)
        tick_waited(t, n);
    t->busy = 0;
    errno = saved;
}

void waiting_look(uint64_t now_ns)
{
    enum { SHORT_NS = 50000 };
    static SHIM_TLS uint64_t looked_ns;
    uint64_t passed = now_ns - looked_ns;
    looked_ns = now_ns;
    if (unlikely(passed > SHORT_NS))
        charge();
}

void waiting_end(struct tick_thread *t)
{
    uint64_t n = waiting_on && !t->busy ? waiting_units(t) : 0;
    struct rec_sample r = {.at_ns = now_ns(), .tid = t->tid, .periods = n, .flags = SAMPLE_WAITING};
    if (n != 0)
        RECORD_PUSH(sample, &r);
}
