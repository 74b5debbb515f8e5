/* page_memory: memory over time, the collector's cycles and marks, for the page. */
#include "collector/output/page_parts.h"
#include "collector/output/page_write.h"

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

void page_memory(struct page_process *p)
{
    series_write(p);
    cycles_write(p);
    marks_write(p);
}
