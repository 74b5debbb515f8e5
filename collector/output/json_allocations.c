/* json_allocations: Lua's memory by kind, size and state, C's by object, for programs. */
#include "collector/output/json_sections.h"
#include "collector/output/json_value.h"
#include "collector/util/pattern.h"

static json_t *kinds(const struct lua_totals *l)
{
    json_t *list = json_array();
    for (unsigned k = 0; k < ALLOC_KIND_N; k++) {
        if (!l->kind_n[k])
            continue;
        json_t *v = json_object();
        json_put_text(v, "kind", alloc_kind_name(k));
        json_put_u64(v, "blocks", l->kind_n[k]);
        json_put_u64(v, "bytes", l->kind_bytes[k]);
        json_array_append_new(list, v);
    }
    return list;
}

static json_t *classes(const struct lua_totals *l)
{
    json_t *list = json_array();
    for (unsigned c = 0; c < SIZE_CLASS_N; c++) {
        if (!l->class_alloc_n[c] && !l->class_free_n[c] && !l->class_left_n[c])
            continue;
        json_t *v = json_object();
        uint64_t limit = size_class_limit(c);
        json_put(v, "up_to_bytes", limit || !c ? json_integer((json_int_t)limit) : json_null());
        json_put_u64(v, "blocks", l->class_alloc_n[c]);
        json_put_u64(v, "gone", l->class_free_n[c]);
        json_put_u64(v, "left", l->class_left_n[c]);
        json_array_append_new(list, v);
    }
    return list;
}

static json_t *state(struct process *p, const struct rec_state *s)
{
    json_t *v = json_object();
    const struct rec_copy *copy = rowset_find(&p->copies, s->copy);
    json_put_u64(v, "id", s->id);
    json_put(v, "lua", json_sid_or_null(p, copy ? copy->version : 0));
    json_put_u64(v, "thread", s->tid);
    json_put_u64(v, "created_ns", process_since_start(p, s->created_ns));
    json_put_u64(v, "create_ns", s->create_ns);
    json_put(v, "closed_ns",
             s->closed_ns ? json_integer((json_int_t)process_since_start(p, s->closed_ns))
                          : json_null());
    json_put_u64(v, "peak_bytes", s->peak_bytes);
    json_put_u64(v, "live_bytes", s->closed_ns ? s->close_live_bytes : s->live_bytes);
    json_put_u64(v, "never_freed_bytes", s->closed_ns ? s->live_bytes : 0);
    json_put(v, "dropped", json_boolean(s->dropped));
    json_put_u64(v, "resized", s->realloc_n);
    json_put_u64(v, "refused", s->fail_n);
    json_put_u64(v, "allocator_changes", s->setallocf_n);
    return v;
}

static json_t *lua(struct digest *d)
{
    const struct lua_totals *l = &d->lua;
    struct process *p = d->process;
    json_t *v = json_object(), *states = json_array();
    json_put_u64(v, "blocks", l->alloc_n);
    json_put_u64(v, "bytes", l->alloc_bytes);
    json_put_u64(v, "resized", l->realloc_n);
    json_put_u64(v, "grown_bytes", l->grow_bytes);
    json_put_u64(v, "shrunk_bytes", l->shrink_bytes);
    json_put_u64(v, "freed_bytes", l->free_bytes);
    json_put_u64(v, "refused", l->fail_n);
    json_put_u64(v, "dropped_states", l->dropped_n);
    json_put_u64(v, "dropped_bytes", l->dropped_bytes);
    json_put(v, "kinds", kinds(l));
    json_put(v, "size_classes", classes(l));
    for (size_t i = 0; i < p->states.n; i++)
        json_array_append_new(states, state(p, rowset_at(&p->states, i)));
    json_put(v, "states", states);
    return v;
}

static json_t *c_object(struct process *p, const struct rec_c_alloc *r)
{
    json_t *v = json_object();
    const struct rec_object *o = r->object ? rowset_find(&p->objects, r->object - 1) : NULL;
    json_put(v, "object", json_sid_or_null(p, o ? o->path : 0));
    json_put_u64(v, "blocks", r->alloc_n);
    json_put_u64(v, "requested_bytes", r->alloc_bytes);
    json_put_u64(v, "usable_bytes", r->usable_bytes);
    json_put_u64(v, "resized", r->realloc_n);
    json_put_u64(v, "freed", r->free_n);
    json_put_u64(v, "freed_bytes", r->free_bytes);
    json_put_u64(v, "refused", r->fail_n);
    return v;
}

static json_t *c(struct digest *d, const struct report_options *o)
{
    struct process *p = d->process;
    json_t *v = json_object(), *list = json_array();
    for (size_t i = 0; i < p->c_allocs.n && json_array_size(list) < o->top; i++) {
        const struct rec_c_alloc *r = rowset_at(&p->c_allocs, i);
        if (!o->filter ||
            pattern_match(o->filter, r->object ? process_object_path(p, r->object - 1) : ""))
            json_array_append_new(list, c_object(p, r));
    }
    json_put(v, "covered", json_boolean(trust_c_memory(p)));
    json_put_s64(v, "live_bytes", p->c_heap.live_bytes);
    json_put_u64(v, "peak_bytes", p->c_heap.peak_bytes);
    json_put_u64(v, "calls_for_lua", p->c_heap.lua_calls_n);
    json_put(v, "objects", list);
    return v;
}

json_t *json_allocations(struct digest *d, const struct report_options *o)
{
    json_t *v = json_object();
    json_put(v, "lua", lua(d));
    json_put(v, "c", c(d, o));
    return v;
}
