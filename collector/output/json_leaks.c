/* json_leaks: what holds ever more memory, and what grew between two marks, for programs. */
#include <math.h>
#include <string.h>

#include "collector/analyse/memory_growth.h"
#include "collector/analyse/memory_leaks.h"
#include "collector/analyse/stack_merge.h"
#include "collector/output/json_memory.h"
#include "collector/output/json_sections.h"
#include "collector/output/json_value.h"
#include "collector/output/memory_words.h"
#include "collector/util/pattern.h"

static json_t *text(const char *z)
{
    return json_bytes(z, strlen(z));
}

/* Labels, innermost first, of the stack that made most of it. */
static json_t *stack(struct frames *f, struct merger *m, uint32_t row)
{
    const struct alloc_site *site = rowset_at(&f->process->heap.sites, row);
    struct sample_total at = {.native = site->about.native, .lua = site->about.lua};
    const struct merged *s = merger_stack(m, &at);
    json_t *list = json_array();
    for (size_t i = 0; i < s->n; i++)
        json_array_append_new(list, text(f->at[s->frame[i]].label));
    return list;
}

static json_t *finding(const struct leaks *l, const struct leak *k, struct frames *f,
                       struct merger *m)
{
    json_t *v = json_memory_row(&k->row), *checks = json_array(), *fell = json_array();
    json_put_text(v, "heap", alloc_heap_name(k->heap));
    json_put_text(v, "verdict", leak_verdict_name(k->verdict));
    json_put_bool(v, "few_samples", k->few);
    json_put(v, "library", *k->library ? text(k->library) : json_null());
    json_put(v, "suppressed_by", k->suppressed ? text(k->suppressed) : json_null());
    for (unsigned i = l->check_n; i-- > 0;) {
        json_array_append_new(checks, json_integer((json_int_t)k->row.sums.check[i].bytes));
        json_array_append_new(fell, json_integer((json_int_t)k->row.sums.fell_bytes[i]));
    }
    json_put(v, "check_bytes", checks);
    json_put(v, "fell_bytes", fell);
    json_put(v, "stack", stack(f, m, k->row.site));
    return v;
}

json_t *json_leaks(struct digest *d, const struct report_options *o)
{
    struct leaks l;
    struct frames f;
    json_t *v = json_object(), *list = json_array();
    leaks_build(&l, d->process, d->symbols, o->leak_filter);
    frames_init(&f, d->process, d->symbols, BY_LINE);
    struct merger *m = merger_new(&f);
    for (size_t i = 0; i < l.n && json_array_size(list) < o->top; i++)
        if (pattern_match(o->filter, l.at[i].row.label) ||
            pattern_match(o->filter, l.at[i].row.file))
            json_array_append_new(list, finding(&l, &l.at[i], &f, m));
    int any = d->process->heap.sites.n != 0;
    json_put(v, "reason", any ? json_null() : json_string(memory_why_none(d->process)));
    json_put_u64(v, "checks", l.check_n);
    json_put_u64(v, "accused", l.verdict_n[LEAK_RISES]);
    json_put_u64(v, "accused_bytes", l.verdict_bytes[LEAK_RISES]);
    json_put_u64(v, "suppressed", l.suppressed_n);
    json_put_u64(v, "few_samples", l.few_n);
    json_put_u64(v, "least_bytes", leaks_least_bytes(d->process));
    json_put(v, "findings", list);
    merger_free(m);
    frames_release(&f);
    leaks_release(&l);
    return v;
}

static json_t *growth_row(const struct growth_row *r, struct frames *f, struct merger *m)
{
    json_t *v = json_object();
    json_put_text(v, "label", r->label);
    json_put_text(v, "file", r->file);
    json_put_u64(v, "line", r->line);
    json_put_text(v, "heap", alloc_heap_name(r->heap));
    json_put_s64(v, "from_blocks", r->from_n);
    json_put_s64(v, "from_bytes", r->from_bytes);
    json_put_s64(v, "to_blocks", r->to_n);
    json_put_s64(v, "to_bytes", r->to_bytes);
    json_put_real(v, "error_bytes", sqrt(r->variance));
    json_put(v, "stack", r->site_bytes > 0 ? stack(f, m, r->site) : json_array());
    return v;
}

static json_t *growth_rows(struct digest *d, const struct report_options *o, const struct growth *g)
{
    struct frames f;
    json_t *list = json_array();
    frames_init(&f, d->process, d->symbols, BY_LINE);
    struct merger *m = merger_new(&f);
    for (size_t i = 0; i < g->n && json_array_size(list) < o->top; i++)
        if (pattern_match(o->filter, g->row[i].label) || pattern_match(o->filter, g->row[i].file))
            json_array_append_new(list, growth_row(&g->row[i], &f, m));
    merger_free(m);
    frames_release(&f);
    return list;
}

json_t *json_growth(struct digest *d, const struct report_options *o)
{
    const struct mark *from = growth_mark(d->process, o->growth_from),
                      *to = growth_mark(d->process, o->growth_to);
    struct growth g;
    json_t *v = json_object();
    const char *reason = NULL;
    if (!d->process->heap.sites.n)
        reason = memory_why_none(d->process);
    else if (!from || !to)
        reason = growth_why_none(d->process, o->growth_from, o->growth_to);
    json_put_bool(v, "known", from && to);
    json_put(v, "reason", reason ? text(reason) : json_null());
    json_put(v, "from", from ? json_integer((json_int_t)from->about.id) : json_null());
    json_put(v, "to", to ? json_integer((json_int_t)to->about.id) : json_null());
    if (!from || !to) {
        json_put(v, "rows", json_array());
        return v;
    }
    growth_build(&g, d->process, d->symbols, from, to);
    json_put_s64(v, "lua_bytes", g.lua_bytes);
    json_put_s64(v, "c_bytes", g.c_bytes);
    json_put(v, "rows", growth_rows(d, o, &g));
    growth_release(&g);
    return v;
}
