/* measure_items: where the items of each metric of metrics.def come from, and those of the process as a whole. */
#include "collector/budget/measure_parts.h"
#include "wire/enums.h"

/* A name that the rule's set allows and its exceptions do not hold. */
int measure_wanted(const struct rule *r, const struct name_set *set, const char *name)
{
    return name_set_allows(set, name) && !(r->except.n && name_set_holds(&r->except, name));
}

void measure_process_wall(struct measure_sink *s)
{
    const struct process *p = s->digest->process;
    s->m->lower_bound = process_end_unseen(p);
    if (process_end_unseen(p))
        s->m->doubt = "nobody saw when it ended";
    measure_item(s, (double)process_since_start(p, process_end_ns(p)), "");
}

void measure_process_cpu(struct measure_sink *s)
{
    const struct process *p = s->digest->process;
    if (process_usage_told(p))
        measure_item(s, (double)process_cpu_ns(p), "");
}

void measure_process_rss(struct measure_sink *s)
{
    const struct rec_end *e = &s->digest->process->end;
    if (process_usage_told(s->digest->process))
        measure_item(s, (double)e->max_rss_kib * 1024, "");
}

/* Calls left by errors or yields are normal life, and no loss (collector/analyse/trust.h). */
void measure_losses(struct measure_sink *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < LOSS_N; i++)
        n += i == LOSS_UNSEEN_RETURN ? 0 : s->digest->process->losses[i];
    measure_item(s, (double)n, "");
}

void measure_uncovered(struct measure_sink *s)
{
    measure_item(s, (double)s->digest->uncovered.n,
                 s->digest->uncovered.n ? s->digest->uncovered.at[0] : "");
}

void measure_covered(struct measure_sink *s)
{
    const struct process *p = s->digest->process;
    size_t n = 0;
    for (size_t i = 0; i < p->copies.n; i++) {
        const struct rec_copy *c = rowset_at(&p->copies, i);
        n += c->status == COPY_COVERED || c->status == COPY_UNLOADED;
    }
    measure_item(s, (double)n, "");
}

measure_items *const measure_items_of[METRIC_N] = {
#define METRIC(id, ...) [METRIC_##id] = measure_##id,
#include "collector/budget/metrics.def"
};
