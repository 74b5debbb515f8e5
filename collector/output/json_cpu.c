/* json_cpu: where the sampled time went, for programs. */
#include <stdlib.h>

#include "collector/analyse/stack_hot.h"
#include "collector/output/json_sections.h"
#include "collector/output/json_value.h"

static json_t *hot(const struct stack_hot *h, const struct report_options *o, int lines)
{
    json_t *list = json_array();
    size_t *row, n = stack_hot_pick(h, o->filter, lines, &row);
    for (size_t i = 0; i < n && i < o->top; i++) {
        const struct frame_sum *s = &h->sums.row[row[i]];
        const struct frame *f = &h->tree.frame[s->frame];
        json_t *v = json_object();
        json_put_text(v, "label", f->label);
        json_put_text(v, "kind", frame_kind_name(f->kind));
        json_put_text(v, "file", f->file);
        json_put_u64(v, "line", f->line);
        json_put_u64(v, "self_ns", s->self);
        json_put_u64(v, "total_ns", s->total);
        json_put_real(v, "self_error_ns", stack_error(&h->quality, s->self));
        json_array_append_new(list, v);
    }
    free(row);
    return list;
}

static json_t *sampler(const struct process *p)
{
    const struct rec_sampler *s = &p->sampler;
    json_t *v = json_object();
    json_put_text(v, "clock", s->clock == CLOCK_WALL ? "wall" : "cpu");
    json_put_text(v, "mechanism",
                  s->mechanism == SAMPLER_PERF    ? "perf_event_open"
                  : s->mechanism == SAMPLER_TIMER ? "timer"
                                                  : "?");
    json_put_u64(v, "asked_hz", s->asked_hz);
    json_put_u64(v, "period_ns", stack_distance_ns(p));
    json_put_u64(v, "handler_runs", s->handler_n);
    json_put_u64(v, "handler_ns", s->handler_ns);
    json_put_u64(v, "handler_max_ns", s->handler_max_ns);
    json_put_u64(v, "handler_p50_us", stack_handler_under_us(p, 0.50));
    json_put_u64(v, "handler_p99_us", stack_handler_under_us(p, 0.99));
    json_put_bool(v, "kernel_time_too", s->system_too != 0);
    return v;
}

static void put_quality(json_t *v, const struct stack_quality *q)
{
    json_t *states = json_object();
    for (unsigned i = 0; i < STATE_N; i++)
        json_put_u64(states, stack_state_key(i), q->state_weight[i]);
    json_put_u64(v, "samples", q->samples_n);
    json_put_u64(v, "time_ns", q->weight);
    json_put(v, "state_ns", states);
    json_put_bool(v, "collector_within_lua", q->gc_hidden);
    json_put_u64(v, "lua_samples", q->lua_n);
    json_put_u64(v, "inexact_line_samples", q->stale_n);
    json_put_u64(v, "no_native_stack_samples", q->no_native_n);
    json_put_u64(v, "no_lua_stack_samples", q->busy_n);
    json_put_u64(v, "cut_stack_samples", q->cut_n);
}

json_t *json_cpu(struct digest *d, const struct report_options *o)
{
    struct stack_hot h;
    uint64_t cpu_ns = process_cpu_ns(d->process);
    json_t *v = json_object();
    json_put(v, "sampler", sampler(d->process));
    json_put(v, "process_cpu_ns", cpu_ns ? json_integer((json_int_t)cpu_ns) : json_null());
    stack_hot_build(&h, d->process, d->symbols, BY_FUNCTION);
    put_quality(v, &h.quality);
    json_put(v, "functions", hot(&h, o, 0));
    stack_hot_release(&h);
    stack_hot_build(&h, d->process, d->symbols, BY_LINE);
    json_put(v, "lines", hot(&h, o, 1));
    stack_hot_release(&h);
    return v;
}
