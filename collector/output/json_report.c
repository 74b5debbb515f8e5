/* json_report: see json_report.h. */
#include "collector/output/json_report.h"

#include <string.h>

#include "collector/output/json_sections.h"
#include "collector/output/json_value.h"

static json_t *sentences(const struct sentences *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n; i++)
        json_array_append_new(list, json_bytes(s->at[i], strlen(s->at[i])));
    return list;
}

/* Arguments are ended by NUL each. */
static json_t *arguments(const struct process *p)
{
    struct rec_bytes b = p->about.argv;
    json_t *list = json_array();
    while (b.n) {
        size_t n = strnlen((const char *)b.at, b.n);
        json_array_append_new(list, json_bytes(b.at, n));
        n += n < b.n;
        b.at += n;
        b.n -= n;
    }
    return list;
}

static void put_process(json_t *v, const struct process *p)
{
    json_put_u64(v, "pid", p->pid);
    json_put_u64(v, "parent_pid", p->about.ppid);
    json_put(v, "forked_from",
             p->about.forked_from ? json_integer((json_int_t)p->about.forked_from) : json_null());
    json_put(v, "arguments", arguments(p));
    json_put(v, "executable", json_bytes(p->about.exe.at, p->about.exe.n));
    json_put(v, "directory", json_bytes(p->about.cwd.at, p->about.cwd.n));
    json_put(v, "shim_version", json_bytes(p->about.shim_version.at, p->about.shim_version.n));
    json_put_u64(v, "started_unix_ns", p->start_real_ns);
    json_put_bool(v, "start_estimated", p->about.start_estimated != 0);
    json_put_u64(v, "duration_ns", process_since_start(p, process_end_ns(p)));
    json_put_bool(v, "end_unseen", process_end_unseen(p));
}

static json_t *u64_or_null(int known, uint64_t n)
{
    return known ? json_integer((json_int_t)n) : json_null();
}

static json_t *ending(const struct digest *d)
{
    const struct process *p = d->process;
    const struct rec_end *e = &p->end;
    json_t *v = json_object();
    json_put_text(v, "text", digest_ending(d));
    json_put(v, "reason",
             p->end_seen ? json_string(end_reason_name((unsigned)e->reason)) : json_null());
    json_put(v, "status",
             p->end_seen && e->status < 256 ? json_integer((json_int_t)e->status) : json_null());
    int told = process_usage_told(p);
    json_put(v, "max_rss_bytes", u64_or_null(told, e->max_rss_kib * 1024));
    json_put(v, "user_ns", u64_or_null(told, e->user_us * 1000));
    json_put(v, "system_ns", u64_or_null(told, e->system_us * 1000));
    double queued_ns = process_queued_ns(p);
    json_put(v, "queued_ns", queued_ns < 0 ? json_null() : json_integer((json_int_t)queued_ns));
    return v;
}

static json_t *file(const struct digest *d)
{
    const struct file_quality *q = &d->model->quality;
    json_t *v = json_object(), *damage = json_array();
    for (size_t i = 0; i < q->damage_n && i < DAMAGE_MAX; i++) {
        json_t *range = json_object();
        json_put_u64(range, "from", q->damage[i].from);
        json_put_u64(range, "to", q->damage[i].to);
        json_array_append_new(damage, range);
    }
    json_put(v, "path", json_bytes(d->model->path, strlen(d->model->path)));
    json_put_u64(v, "bytes", q->bytes);
    json_put_u64(v, "frames", q->frames_n);
    json_put_u64(v, "missing_frames", d->process->gaps.missing_n);
    json_put_u64(v, "newer_frames", q->newer_n);
    json_put_u64(v, "damaged_stretches", q->damage_n);
    json_put(v, "damage", damage);
    json_put(v, "truncated_at",
             q->truncated ? json_integer((json_int_t)q->truncated_at) : json_null());
    json_put_u64(v, "damaged_records", d->process->damaged_records_n);
    json_put_u64(v, "unknown_records", d->process->unknown_records_n);
    json_put_bool(v, "recovered", q->recovered);
    return v;
}

static json_t *copies(struct process *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->copies.n; i++) {
        const struct rec_copy *c = rowset_at(&p->copies, i);
        const struct rec_object *o = rowset_find(&p->objects, c->object);
        json_t *v = json_object();
        json_put(v, "lua", json_sid_or_null(p, c->version));
        json_put(v, "object", json_sid_or_null(p, o ? o->path : 0));
        unsigned status = c->status == COPY_UNLOADED ? COPY_COVERED : (unsigned)c->status;
        json_put_text(v, "status", copy_status_name(status));
        json_put_bool(v, "unloaded", c->status == COPY_UNLOADED || (o && o->unloaded));
        json_put_text(v, "layout", c->layout == 1 ? "verified" : c->layout == 0 ? "api" : "unused");
        json_put(v, "reason", json_sid_or_null(p, c->reason));
        json_put_bool(v, "late", c->late != 0);
        json_array_append_new(list, v);
    }
    return list;
}

static json_t *losses(const struct process *p)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < LOSS_N; i++) {
        if (!p->losses[i])
            continue;
        json_t *v = json_object();
        json_put_text(v, "what", loss_name(i));
        json_put_u64(v, "n", p->losses[i]);
        json_array_append_new(list, v);
    }
    return list;
}

static void put_trust(json_t *v, struct digest *d)
{
    json_put_bool(v, "complete", d->incomplete.n == 0);
    json_put(v, "incomplete", sentences(&d->incomplete));
    json_put(v, "copies", copies(d->process));
    json_put(v, "not_covered", sentences(&d->uncovered));
    json_put(v, "losses", losses(d->process));
    json_put(v, "file", file(d));
}

static json_t *cold_start(struct process *p)
{
    static const char *const key[] = {[MILESTONE_STATE] = "state_ns",
                                      [MILESTONE_OPENLIBS] = "libraries_ns",
                                      [MILESTONE_MAIN] = "main_ns"};
    json_t *v = json_object();
    for (unsigned i = MILESTONE_STATE; i <= MILESTONE_MAIN; i++) {
        uint64_t at = p->milestones[i].at_ns;
        json_put(v, key[i],
                 at ? json_integer((json_int_t)process_since_start(p, at)) : json_null());
    }
    json_put(v, "main", json_sid_or_null(p, p->milestones[MILESTONE_MAIN].name));
    return v;
}

static json_t *module_sums(const struct module_totals *m)
{
    json_t *v = json_object();
    json_put_u64(v, "lua_files", m->lua_n);
    json_put_u64(v, "c_libraries", m->c_n);
    json_put_u64(v, "built_in", m->builtin_n);
    json_put_u64(v, "other", m->other_n);
    json_put_u64(v, "failed", m->failed_n);
    json_put_u64(v, "circular", m->circular_n);
    json_put_u64(v, "unfinished", m->open_n);
    json_put_u64(v, "require_hits", m->hit_n);
    json_put_u64(v, "total_ns", m->total_ns);
    return v;
}

static json_t *overview(struct digest *d)
{
    const struct rec_self_cost *s = &d->process->self_cost;
    json_t *v = json_object(), *cost = json_object();
    json_put(v, "cold_start", cold_start(d->process));
    json_put(v, "modules", module_sums(&d->modules));
    json_put_u64(v, "lua_states", d->lua.state_n);
    json_put_u64(v, "lua_peak_bytes", d->lua.peak_bytes);
    json_put_u64(v, "lua_live_bytes", d->lua.live_bytes);
    json_put_s64(v, "c_live_bytes", d->process->c_heap.live_bytes);
    json_put_u64(v, "c_peak_bytes", d->process->c_heap.peak_bytes);
    json_put_u64(v, "lua_to_c_calls", d->crossings.down_n);
    json_put_u64(cost, "attach_ns", s->attach_ns);
    json_put_u64(cost, "writes", s->drain_n);
    json_put_u64(cost, "write_ns", s->drain_ns);
    json_put_u64(cost, "written_bytes", s->written_bytes);
    json_put_u64(cost, "arena_bytes", s->arena_bytes);
    json_put(v, "profiler", cost);
    return v;
}

static json_t *process(struct digest *d, const struct report_options *o)
{
    json_t *v = json_object();
    put_process(v, d->process);
    json_put(v, "ending", ending(d));
    put_trust(v, d);
    if (o->sections & SECTION_OVERVIEW)
        json_put(v, "overview", overview(d));
    if (o->sections & SECTION_MODULES) {
        json_put(v, "modules", json_modules(d, o));
        json_put(v, "require_hits", json_hits(d, o));
        json_put(v, "chunks", json_chunks(d, o));
    }
    if (o->sections & SECTION_SIZES)
        json_put(v, "sizes", json_sizes(d, o));
    if (o->sections & SECTION_CPU && (d->process->samples.n || d->process->sampler.asked_hz))
        json_put(v, "cpu", json_cpu(d, o));
    if (o->sections & SECTION_ALLOCATIONS)
        json_put(v, "allocations", json_allocations(d, o));
    if (o->sections & SECTION_MEMORY) {
        json_put(v, "memory", json_memory(d, o));
        json_put(v, "collector", json_collector(d));
    }
    if (o->sections & SECTION_LEAKS)
        json_put(v, "leaks", json_leaks(d, o));
    if (o->sections & SECTION_GROWTH)
        json_put(v, "growth", json_growth(d, o));
    if (o->sections & SECTION_CROSSINGS)
        json_put(v, "crossings", json_crossings(d, o));
    return v;
}

void json_report(struct digest *const *d, size_t n, const struct report_options *o, FILE *out)
{
    json_t *v = json_object(), *list = json_array();
    json_put_text(v, "schema", "modprof-report");
    json_put_u64(v, "version", JSON_REPORT_VERSION);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, process(d[i], o));
    json_put(v, "processes", list);
    json_dumpf(v, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(v);
}
