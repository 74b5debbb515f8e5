/* json_collector: what Lua's garbage collector cost, for programs. */
#include "collector/analyse/memory_gc.h"
#include "collector/output/json_sections.h"
#include "collector/output/json_value.h"

static json_t *seen(unsigned how)
{
    json_t *v = json_object();
    json_put_bool(v, "calls", how & GC_HOW_CALLS);
    json_put_bool(v, "cycles", how & (GC_HOW_STATE | GC_HOW_STEPS));
    json_put_bool(v, "steps", how & GC_HOW_STEPS);
    json_put_bool(v, "finalizers", how & GC_HOW_FINALIZERS);
    return v;
}

static json_t *pauses(const struct gc_totals *g)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < GC_PAUSE_N; i++) {
        if (!g->pause_n[i])
            continue;
        json_t *v = json_object();
        json_put_u64(v, "below_ns", UINT64_C(2) << i);
        json_put_u64(v, "n", g->pause_n[i]);
        json_array_append_new(list, v);
    }
    return list;
}

static json_t *cycles(struct process *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->heap.cycles.n; i++) {
        const struct rec_gc_cycle *r = rowset_at(&p->heap.cycles, i);
        json_t *v = json_object();
        json_put_u64(v, "state", r->state);
        json_put_text(v, "kind", gc_kind_name((unsigned)r->kind));
        json_put_u64(v, "begin_ns", process_since_start(p, r->begin_ns));
        json_put_u64(v, "end_ns", process_since_start(p, r->end_ns));
        json_put_u64(v, "steps", r->step_n);
        json_put_u64(v, "collecting_ns", r->step_ns);
        json_put_u64(v, "longest_ns", r->step_max_ns);
        json_put_u64(v, "begin_bytes", r->begin_bytes);
        json_put_u64(v, "end_bytes", r->end_bytes);
        json_put_u64(v, "freed_bytes", r->free_bytes);
        json_array_append_new(list, v);
    }
    return list;
}

json_t *json_collector(struct digest *d)
{
    struct gc_totals g;
    json_t *v = json_object();
    gc_totals(&g, d->process);
    json_put_bool(v, "known", g.state_n != 0);
    json_put(v, "seen", seen(g.how));
    json_put_u64(v, "generational_states", g.generational_n);
    json_put_u64(v, "total_ns", gc_total_ns(&g));
    json_put_u64(v, "steps", g.step_n);
    json_put_u64(v, "step_ns", g.step_ns);
    json_put_u64(v, "full", g.full_n);
    json_put_u64(v, "full_ns", g.full_ns);
    json_put_u64(v, "other_calls", g.call_n);
    json_put_u64(v, "other_ns", g.call_ns);
    json_put_u64(v, "finalizers", g.finalize_n);
    json_put_u64(v, "finalizer_ns", g.finalize_ns);
    json_put_u64(v, "finalizers_at_close", g.close_finalize_n);
    json_put_u64(v, "finalizer_at_close_ns", g.close_finalize_ns);
    json_put_u64(v, "charged_ns", g.charged_ns);
    json_put_u64(v, "longest_ns", g.pause_max_ns);
    json_put_u64(v, "cycles", g.cycle_n);
    json_put_u64(v, "young_collections", g.minor_n);
    json_put_u64(v, "unlisted_cycles", g.unlisted_n);
    json_put_u64(v, "freed_blocks", g.free_n);
    json_put_u64(v, "freed_bytes", g.free_bytes);
    json_put(v, "pauses", pauses(&g));
    json_put(v, "cycle_list", cycles(d->process));
    return v;
}
