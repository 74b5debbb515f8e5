/* json_memory: where memory is allocated and held, marks, and memory over time, for programs. */
#include "collector/analyse/memory_rows.h"
#include "collector/output/json_memory.h"
#include "collector/output/json_sections.h"
#include "collector/output/json_value.h"
#include "collector/output/memory_words.h"
#include "collector/util/pattern.h"

static void put_amount(json_t *v, const char *blocks, const char *bytes,
                       const struct memory_amount *a)
{
    json_put_u64(v, blocks, a->n);
    json_put_u64(v, bytes, a->bytes);
}

static json_t *kinds(uint32_t bits)
{
    json_t *list = json_array();
    for (unsigned k = 0; k < ALLOC_KIND_N; k++)
        if (bits >> k & 1)
            json_array_append_new(list, json_string(alloc_kind_name(k)));
    return list;
}

void json_put_sums(json_t *v, const struct memory_sums *s)
{
    put_amount(v, "made_blocks", "made_bytes", &s->of[MEMORY_MADE]);
    put_amount(v, "held_blocks", "held_bytes", &s->of[MEMORY_LIVE]);
    put_amount(v, "peak_blocks", "peak_bytes", &s->of[MEMORY_PEAK]);
    put_amount(v, "freed_blocks", "freed_bytes", &s->of[MEMORY_FREED]);
    put_amount(v, "growths", "grown_bytes", &s->of[MEMORY_GROWN]);
    put_amount(v, "collected_blocks", "collected_bytes", &s->of[MEMORY_COLLECTED]);
    put_amount(v, "after_full_blocks", "after_full_bytes", &s->of[MEMORY_FULL]);
    put_amount(v, "left_blocks", "left_bytes", &s->of[MEMORY_LEFT]);
    json_put_u64(v, "collector_ns", s->gc_ns);
    json_put_real(v, "made_error_bytes", memory_made_error(s));
    json_put_real(v, "held_error_bytes", memory_live_error(s));
    json_put(v, "kinds", kinds(s->kinds));
}

json_t *json_memory_row(const struct memory_row *r)
{
    json_t *v = json_object();
    json_put_text(v, "label", r->label);
    json_put_text(v, "file", r->file);
    json_put_u64(v, "line", r->line);
    json_put_sums(v, &r->sums);
    return v;
}

static void put_rows(json_t *v, const char *key, struct digest *d, const struct report_options *o,
                     enum memory_by by, unsigned heaps)
{
    struct memory_rows rows;
    json_t *list = json_array();
    memory_rows_build(&rows, d->process, d->symbols, by, heaps);
    for (size_t i = 0; i < rows.n && json_array_size(list) < o->top; i++)
        if (pattern_match(o->filter, rows.row[i].label) ||
            pattern_match(o->filter, rows.row[i].file))
            json_array_append_new(list, json_memory_row(&rows.row[i]));
    json_put(v, key, list);
    if (by == MEMORY_BY_LINE) {
        json_t *whole = json_object();
        json_put_sums(whole, &rows.whole);
        json_put(v, "all", whole);
    }
    memory_rows_release(&rows);
}

static json_t *heap(struct digest *d, const struct report_options *o, unsigned which)
{
    uint64_t interval = memory_interval(d->process, which);
    uint64_t most = memory_interval_most(d->process, which);
    unsigned mode = memory_mode(d->process, which), heaps = 1u << which;
    json_t *v = json_object();
    json_put_text(v, "mode", alloc_mode_name(mode));
    json_put(v, "interval_bytes",
             mode == ALLOC_SAMPLED ? json_integer((json_int_t)interval) : json_null());
    json_put(v, "interval_most_bytes",
             mode == ALLOC_SAMPLED ? json_integer((json_int_t)most) : json_null());
    put_rows(v, "lines", d, o, MEMORY_BY_LINE, heaps);
    put_rows(v, "functions", d, o, MEMORY_BY_FUNCTION, heaps);
    put_rows(v, "modules", d, o, MEMORY_BY_MODULE, heaps);
    put_rows(v, "c_functions", d, o, MEMORY_BY_C_FUNCTION, heaps);
    if (which == HEAP_C)
        put_rows(v, "libraries", d, o, MEMORY_BY_LIBRARY, heaps);
    else
        put_rows(v, "kinds", d, o, MEMORY_BY_KIND, heaps);
    return v;
}

static json_t *marks(struct process *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->heap.mark_n; i++) {
        const struct rec_mark *m = &p->heap.mark[i].about;
        json_t *v = json_object();
        json_put_u64(v, "id", m->id);
        json_put(v, "name", json_sid(p, m->name));
        json_put_text(v, "by", mark_origin_name((unsigned)m->origin));
        json_put_u64(v, "at_ns", process_since_start(p, m->at_ns));
        json_put_u64(v, "thread", m->tid);
        json_put_u64(v, "lua_bytes", m->lua_bytes);
        json_put_s64(v, "c_bytes", m->c_bytes);
        json_put(v, "rss_bytes",
                 m->rss_bytes ? json_integer((json_int_t)m->rss_bytes) : json_null());
        json_array_append_new(list, v);
    }
    return list;
}

/* Live by kind, where it is known. */
static json_t *live_kinds(const struct rec_sample_memory *r)
{
    json_t *v = json_object();
    if (r->kinds == KINDS_UNKNOWN) {
        json_decref(v);
        return json_null();
    }
    for (unsigned k = 0; k < ALLOC_KIND_N; k++)
        if (r->kind_live[k])
            json_put_u64(v, alloc_kind_name(k), r->kind_live[k]);
    return v;
}

static json_t *series(struct process *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->memory.n; i++) {
        const struct rec_sample_memory *r = rowset_at(&p->memory, i);
        json_t *v = json_object();
        json_put_u64(v, "at_ns", process_since_start(p, r->at_ns));
        json_put_u64(v, "lua_bytes", r->lua_bytes);
        json_put_s64(v, "c_bytes", r->c_bytes);
        json_put_u64(v, "rss_bytes", r->rss_bytes);
        json_put_u64(v, "lua_blocks_made", r->alloc_n);
        json_put_u64(v, "lua_bytes_made", r->alloc_bytes);
        json_put_u64(v, "c_bytes_made", r->c_alloc_bytes);
        json_put(v, "lua_kinds", live_kinds(r));
        json_array_append_new(list, v);
    }
    return list;
}

json_t *json_memory(struct digest *d, const struct report_options *o)
{
    json_t *v = json_object();
    int any = d->process->heap.sites.n != 0;
    json_put(v, "reason", any ? json_null() : json_string(memory_why_none(d->process)));
    json_put(v, "lua", heap(d, o, HEAP_LUA));
    json_put(v, "c", heap(d, o, HEAP_C));
    json_put(v, "marks", marks(d->process));
    json_put(v, "series", series(d->process));
    return v;
}
