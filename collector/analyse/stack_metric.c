/* stack_metric: see stack_metric.h. */
#include "collector/analyse/stack_metric.h"

#include "collector/analyse/memory_tree.h"
#include "collector/analyse/stack_other.h"

#define MEMORY_NONE \
    "no allocation was drawn in what was read: the programs allocated too little, or ran with " \
    "MODPROF_ALLOC=off; MODPROF_ALLOC=exact in their environment records every allocation, and " \
    "`modprof report --section allocations` has the sums of every trace"
#define MEMORY_NONE_HELD \
    "nothing that was drawn was held then in what was read: too little was, or the programs ran " \
    "with " \
    "MODPROF_ALLOC=off; MODPROF_ALLOC=exact in their environment records every allocation"
#define MEMORY_NONE_FREED \
    "how long Lua's collector took for what it freed is not known in these traces: that takes " \
    "its " \
    "steps to be timed, and MODPROF_ALLOC=sample or MODPROF_ALLOC=exact; `--metric cpu` shows " \
    "[gc] where samples of CPU time were taken"

static void add_samples(const struct stack_part *p, uint64_t clock)
{
    struct frames f;
    if (!p->process->samples.n || p->process->sampler.clock != clock)
        return;
    frames_init(&f, p->process, p->symbols, p->choice->by);
    stack_profile_add(p->tree, p->under, &f, p->choice, p->quality);
    frames_release(&f);
}

static void stack_add_cpu(const struct stack_part *p)
{
    add_samples(p, CLOCK_CPU);
}

static void stack_add_wall(const struct stack_part *p)
{
    add_samples(p, CLOCK_WALL);
}

static const struct stack_metric metrics[] = {
#define STACK_METRIC(id, name, title, unit, takes, add, summary, none) \
    [STACK_METRIC_##id] = {name, title, unit, takes, add, summary, none},
#include "collector/analyse/stack_metrics.def"
};

const struct stack_metric *stack_metric_at(enum stack_metric_id id)
{
    return &metrics[id];
}

char *stack_weight_text(const struct stack_metric *m, char out[HUMAN_MAX], double weight)
{
    return m->unit == UNIT_NS      ? human_ns(out, weight)
           : m->unit == UNIT_BYTES ? human_bytes(out, weight)
                                   : human_count(out, (uint64_t)(weight + 0.5));
}

enum stack_metric_id stack_metric_id_of(const struct stack_metric *m)
{
    return (enum stack_metric_id)(m - metrics);
}
