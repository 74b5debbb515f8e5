/* json_crossings: calls from Lua into C and back, for programs. */
#include <string.h>

#include "collector/analyse/crossing_pick.h"
#include "collector/output/json_sections.h"
#include "collector/output/json_value.h"

static const char *function_kind(uint64_t kind)
{
    return kind == FUNCTION_FFI ? "ffi" : kind == FUNCTION_HOST ? "host" : "lua_c";
}

static const char *file_state(enum symbol_file f)
{
    return f == SYMBOL_FILE_CHANGED ? "changed" : f == SYMBOL_FILE_MISSING ? "missing" : "read";
}

static json_t *sampled(const struct sampled *s)
{
    json_t *v = json_object();
    json_put_u64(v, "calls", s->n);
    json_put_u64(v, "timed", s->timed_n);
    json_put(v, "mean_ns", s->timed_n ? json_real(s->mean_ns) : json_null());
    json_put(v, "total_ns", s->timed_n ? json_real(s->total_ns) : json_null());
    json_put(v, "error_ns", s->timed_n && s->error_ns >= 0 ? json_real(s->error_ns) : json_null());
    return v;
}

static json_t *function(struct digest *d, struct crossing_row *r)
{
    struct process *p = d->process;
    const struct rec_function *f = rowset_find(&p->functions, r->function);
    json_t *v = json_object();
    crossing_symbol(r, p, d->symbols);
    json_put_text(v, "label", r->label);
    json_put(v, "name", json_sid_or_null(p, f ? f->name : 0));
    json_put(v, "module", json_sid_or_null(p, f ? f->module : 0));
    json_put(v, "type", json_sid_or_null(p, f ? f->type_name : 0));
    json_put_text(v, "kind", function_kind(r->kind));
    json_put(v, "symbol", *r->symbol ? json_bytes(r->symbol, strlen(r->symbol)) : json_null());
    json_put(v, "object", json_sid_or_null(p, r->in ? r->in->path : 0));
    json_put_text(v, "object_file", file_state(r->file));
    json_put_u64(v, "offset", r->offset);
    json_put(v, "lua_to_c", sampled(&r->down));
    json_put(v, "c_to_lua", sampled(&r->up));
    return v;
}

json_t *json_crossings(struct digest *d, const struct report_options *o)
{
    struct crossing_pick k;
    const struct rec_up_calls *u = &d->process->up_calls;
    json_t *v = json_object(), *list = json_array(), *up = json_object();
    crossing_pick(&k, &d->crossings, o->filter, crossing_order_for(o->sort), o->top);
    for (size_t i = 0; i < k.n; i++)
        json_array_append_new(list, function(d, k.row[i]));
    crossing_pick_release(&k);
    json_put_u64(up, "lua_callk", u->callk_n);
    json_put_u64(up, "lua_pcallk", u->pcallk_n);
    json_put_u64(up, "lua_resume", u->resume_n);
    json_put_u64(up, "by_host", u->host_n);
    json_put_u64(v, "lua_to_c", d->crossings.down_n);
    json_put(v, "c_to_lua", up);
    json_put(v, "functions", list);
    return v;
}
