/* json_modules: spans, calls of require that found their module, and chunks, for programs. */
#include "collector/analyse/span_pick.h"
#include "collector/output/json_sections.h"
#include "collector/output/json_value.h"
#include "collector/util/pattern.h"

static json_t *phases(const struct span_node *n)
{
    json_t *v = json_object();
    for (unsigned i = 0; i <= PHASE_CONSTRUCT; i++)
        if (n->span->end.phase_ns[i])
            json_put_u64(v, phase_name(i), n->span->end.phase_ns[i]);
    return v;
}

/* Files tried, by span id: json_t * arrays that belong to the set until they are taken. */
static void tries_group(struct rowset *tries, const struct process *p)
{
    rowset_init(tries, sizeof(json_t *));
    for (size_t i = 0; i < p->tries.n; i++) {
        const struct rec_span_try *r = rowset_at(&p->tries, i);
        json_t **list = rowset_put(tries, r->span);
        json_t *v = json_object();
        if (!*list)
            *list = json_array();
        json_put(v, "path", json_sid(p, r->path));
        json_put_u64(v, "errno", r->err);
        json_put_u64(v, "duration_ns", r->dur_ns);
        json_array_append_new(*list, v);
    }
}

static void tries_release(struct rowset *tries)
{
    for (size_t i = 0; i < tries->n; i++)
        json_decref(*(json_t **)rowset_at(tries, i));
    rowset_release(tries);
}

static void put_tries(json_t *v, const struct rowset *tries, uint64_t span)
{
    json_t **list = rowset_find(tries, span);
    json_put(v, "tried", list ? json_incref(*list) : json_array());
}

static void put_place(json_t *v, struct process *p, const struct span *s)
{
    json_put_u64(v, "id", s->begin.id);
    json_put(v, "parent",
             s->begin.parent ? json_integer((json_int_t)s->begin.parent) : json_null());
    json_put(v, "name", json_sid(p, s->begin.name));
    json_put_text(v, "kind", span_kind_name((unsigned)s->begin.kind));
    json_put_u64(v, "state", s->begin.state);
    json_put_u64(v, "thread", s->begin.tid);
    json_put(v, "required_by", json_sid_or_null(p, s->begin.caller_source));
    json_put_u64(v, "required_by_line", s->begin.caller_line);
    json_put_u64(v, "begin_ns", process_since_start(p, s->begin.begin_ns));
}

static void put_outcome(json_t *v, struct process *p, const struct span_node *n)
{
    const struct rec_span_end *e = &n->span->end;
    json_put_text(v, "status", span_status_name(n->open ? SPAN_OPEN : (unsigned)e->status));
    json_put_text(v, "load", load_kind_name((unsigned)e->load));
    json_put(v, "file", json_sid_or_null(p, e->file));
    json_put(v, "error", json_sid_or_null(p, e->error));
    json_put_u64(v, "source_bytes", e->source_bytes);
    json_put_bool(v, "precompiled", e->precompiled != 0);
    json_put_u64(v, "total_ns", n->total_ns);
    json_put_u64(v, "self_ns", n->self_ns);
    json_put_u64(v, "run_self_ns", n->run_self_ns);
    json_put(v, "phases_ns", phases(n));
    json_put_s64(v, "lua_bytes", e->lua_bytes);
    json_put_s64(v, "lua_self_bytes", n->lua_self);
    json_put_u64(v, "lua_alloc_bytes", e->lua_alloc_bytes);
    json_put_s64(v, "c_bytes", e->c_bytes);
    json_put_s64(v, "c_self_bytes", n->c_self);
    json_put_u64(v, "c_alloc_bytes", e->c_alloc_bytes);
}

json_t *json_modules(struct digest *d, const struct report_options *o)
{
    struct span_pick k;
    struct rowset tries;
    json_t *list = json_array();
    span_pick(&k, &d->spans, d->process, o->filter, span_order_for(o->sort), o->top);
    tries_group(&tries, d->process);
    for (size_t i = 0; i < k.n; i++) {
        const struct span_node *n = &d->spans.node[k.node[i]];
        json_t *v = json_object();
        put_place(v, d->process, n->span);
        put_outcome(v, d->process, n);
        put_tries(v, &tries, n->span->begin.id);
        json_array_append_new(list, v);
    }
    tries_release(&tries);
    span_pick_release(&k);
    return list;
}

json_t *json_hits(struct digest *d, const struct report_options *o)
{
    struct process *p = d->process;
    json_t *list = json_array();
    for (size_t i = 0; i < p->hits.n && json_array_size(list) < o->top; i++) {
        const struct rec_require_hit *r = rowset_at(&p->hits, i);
        if (!pattern_match(o->filter, process_display(p, r->name)))
            continue;
        json_t *v = json_object();
        json_put(v, "name", json_sid(p, r->name));
        json_put_u64(v, "calls", r->n);
        json_put_u64(v, "timed", r->timed_n);
        json_put_u64(v, "timed_ns", r->timed_ns);
        json_array_append_new(list, v);
    }
    return list;
}

json_t *json_chunks(struct digest *d, const struct report_options *o)
{
    struct process *p = d->process;
    json_t *list = json_array();
    for (size_t i = 0; i < p->chunks.n && json_array_size(list) < o->top; i++) {
        const struct rec_chunk *r = rowset_at(&p->chunks, i);
        if (!pattern_match(o->filter, process_display(p, r->name)))
            continue;
        json_t *v = json_object();
        json_put(v, "name", json_sid(p, r->name));
        json_put_text(v, "origin", chunk_origin_name((unsigned)r->origin));
        json_put_u64(v, "compiled", r->load_n);
        json_put_u64(v, "failed", r->fail_n);
        json_put_u64(v, "compiled_again", r->repeat_n);
        json_put_u64(v, "precompiled", r->precompiled_n);
        json_put_u64(v, "bytes", r->bytes);
        json_put_u64(v, "read_ns", r->read_ns);
        json_put_u64(v, "compile_ns", r->compile_ns);
        json_put_u64(v, "runs", r->run_n);
        json_put_u64(v, "run_ns", r->run_ns);
        json_array_append_new(list, v);
    }
    return list;
}
