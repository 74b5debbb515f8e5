/* page_memory: memory over time, the collector's cycles, marks and what grew between them, for the page. */
#include <stdlib.h>

#include "collector/output/json_sections.h"
#include "collector/output/page_parts.h"
#include "collector/output/page_write.h"
#include "collector/util/xalloc.h"

/* A column of the rows of SET, each R of TYPE. */
#define COLUMN(set, type, name, first, value) \
    do { \
        struct page_column c; \
        page_column_begin(&c, p->out, name, first); \
        for (size_t i = 0; i < (set)->n; i++) { \
            const type *r = rowset_at(set, i); \
            page_column_put(&c, (int64_t)(value)); \
        } \
        page_column_end(&c); \
    } while (0)

/* ---- heap over time ---- */

static int is_kind_used(const struct rowset *memory, unsigned kind)
{
    for (size_t i = 0; i < memory->n; i++) {
        const struct rec_sample_memory *r = rowset_at(memory, i);
        if (kind < r->kind_live_n && r->kind_live[kind])
            return 1;
    }
    return 0;
}

static void kinds_write(struct page_process *p)
{
    const struct rowset *memory = &p->process->memory;
    const char *comma = "";
    page_key(p->out, "live_kinds");
    fputc('[', p->out);
    for (unsigned k = 0; k < ALLOC_KIND_N; k++) {
        if (!is_kind_used(memory, k))
            continue;
        fprintf(p->out, "%s{\"kind\":\"%s\"", comma, alloc_kind_name(k));
        COLUMN(memory, struct rec_sample_memory, "bytes_d", 0,
               k < r->kind_live_n ? r->kind_live[k] : 0);
        fputc('}', p->out);
        comma = ",";
    }
    fputc(']', p->out);
}

static void series_write(struct page_process *p)
{
    const struct rowset *memory = &p->process->memory;
    page_key(p->out, "memory");
    fputc('{', p->out);
    COLUMN(memory, struct rec_sample_memory, "at_ns_d", 1,
           process_since_start(p->process, r->at_ns));
    COLUMN(memory, struct rec_sample_memory, "lua_d", 0, r->lua_bytes);
    COLUMN(memory, struct rec_sample_memory, "c_d", 0, r->c_bytes);
    COLUMN(memory, struct rec_sample_memory, "rss_d", 0, r->rss_bytes);
    COLUMN(memory, struct rec_sample_memory, "alloc_n_d", 0, r->alloc_n);
    COLUMN(memory, struct rec_sample_memory, "alloc_bytes_d", 0, r->alloc_bytes);
    COLUMN(memory, struct rec_sample_memory, "c_alloc_bytes_d", 0, r->c_alloc_bytes);
    COLUMN(memory, struct rec_sample_memory, "kinds_known", 0, r->kinds);
    kinds_write(p);
    fputc('}', p->out);
}

/* ---- the collector ---- */

static void cycles_write(struct page_process *p)
{
    const struct rowset *cycles = &p->process->heap.cycles;
    page_key(p->out, "collections");
    fputs("{\"kinds\":[\"\"", p->out);
    for (unsigned k = GC_INCREMENTAL; k <= GC_FULL; k++)
        fprintf(p->out, ",\"%s\"", gc_kind_name(k));
    fputc(']', p->out);
    COLUMN(cycles, struct rec_gc_cycle, "begin_ns_d", 0,
           process_since_start(p->process, r->begin_ns));
    COLUMN(cycles, struct rec_gc_cycle, "duration_ns", 0,
           r->end_ns > r->begin_ns ? r->end_ns - r->begin_ns : 0);
    COLUMN(cycles, struct rec_gc_cycle, "kind", 0, r->kind <= GC_FULL ? r->kind : 0);
    COLUMN(cycles, struct rec_gc_cycle, "state", 0, r->state);
    COLUMN(cycles, struct rec_gc_cycle, "step_n", 0, r->step_n);
    COLUMN(cycles, struct rec_gc_cycle, "step_ns", 0, r->step_ns);
    COLUMN(cycles, struct rec_gc_cycle, "step_max_ns", 0, r->step_max_ns);
    COLUMN(cycles, struct rec_gc_cycle, "begin_bytes_d", 0, r->begin_bytes);
    COLUMN(cycles, struct rec_gc_cycle, "end_bytes_d", 0, r->end_bytes);
    COLUMN(cycles, struct rec_gc_cycle, "free_bytes", 0, r->free_bytes);
    fputc('}', p->out);
}

/* ---- marks ---- */

static void marks_write(struct page_process *p)
{
    const struct memory_model *heap = &p->process->heap;
    page_key(p->out, "marks");
    fputc('[', p->out);
    for (size_t i = 0; i < heap->mark_n; i++) {
        const struct rec_mark *m = &heap->mark[i].about;
        fprintf(p->out, "%s{\"at_ns\":%llu", i ? "," : "",
                (unsigned long long)process_since_start(p->process, m->at_ns));
        page_put_text(p->out, "name", process_display(p->process, m->name));
        page_put_u64(p->out, "id", m->id);
        page_put_u64(p->out, "state", m->state);
        page_put_u64(p->out, "lua_bytes", m->lua_bytes);
        fprintf(p->out, ",\"c_bytes\":%lld", (long long)m->c_bytes);
        fputc('}', p->out);
    }
    fputc(']', p->out);
}

/* ---- growth between marks ---- */

enum { GROWTH_PAIRS_MAX = 20, GROWTH_ROWS_MAX = 100 };

/* As `modprof report --growth` says it; marks by their numbers, since names may come twice. */
static void growth_write(struct page_process *p, const struct mark *from, const struct mark *to,
                         const char *comma)
{
    char *a = xformat("#%llu", (unsigned long long)from->about.id),
         *b = xformat("#%llu", (unsigned long long)to->about.id);
    const struct report_options o = {.growth_from = a, .growth_to = b, .top = GROWTH_ROWS_MAX};
    json_t *v = json_growth(p->digest, &o);
    fputs(comma, p->out);
    json_dumpf(v, p->out, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(v);
    free(a);
    free(b);
}

/* Each mark with the one before it, the newest; and the last with the first. */
static void growths_write(struct page_process *p)
{
    const struct memory_model *heap = &p->process->heap;
    size_t n = heap->sites.n ? heap->mark_n : 0,
           i = n > GROWTH_PAIRS_MAX ? n - GROWTH_PAIRS_MAX : 1;
    const char *comma = "";
    page_key(p->out, "growth");
    fputc('[', p->out);
    for (; i < n; i++, comma = ",")
        growth_write(p, &heap->mark[i - 1], &heap->mark[i], comma);
    if (n > 2)
        growth_write(p, &heap->mark[0], &heap->mark[n - 1], comma);
    fputc(']', p->out);
}

void page_memory(struct page_process *p)
{
    series_write(p);
    cycles_write(p);
    marks_write(p);
    growths_write(p);
}
