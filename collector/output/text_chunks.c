/* text_chunks: calls of require that found their module loaded, and what was compiled and run. */
#include <stdlib.h>

#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

/* Rows of a rowset that match the filter, as pointers to be sorted. */
struct picked {
    const void **row;
    size_t n;
};

static const char *chunk_name(struct process *p, const struct rec_chunk *r)
{
    const char *name = process_display(p, r->name);
    return name + (*name == '@' || *name == '=');
}

static int by_hits(const void *pa, const void *pb)
{
    const struct rec_require_hit *a = *(const struct rec_require_hit *const *)pa;
    const struct rec_require_hit *b = *(const struct rec_require_hit *const *)pb;
    return a->n != b->n ? (a->n > b->n ? -1 : 1) : a->name < b->name ? -1 : a->name > b->name;
}

static uint64_t chunk_cost(const struct rec_chunk *r)
{
    return r->read_ns + r->compile_ns;
}

static int by_cost(const void *pa, const void *pb)
{
    const struct rec_chunk *a = *(const struct rec_chunk *const *)pa;
    const struct rec_chunk *b = *(const struct rec_chunk *const *)pb;
    uint64_t ca = chunk_cost(a), cb = chunk_cost(b);
    return ca != cb ? (ca > cb ? -1 : 1) : a->key < b->key ? -1 : a->key > b->key;
}

static struct picked hits_pick(struct process *p, const char *filter)
{
    struct picked k = {xcalloc(p->hits.n, sizeof *k.row), 0};
    for (size_t i = 0; i < p->hits.n; i++) {
        const struct rec_require_hit *r = rowset_at(&p->hits, i);
        if (r->n && pattern_match(filter, process_display(p, r->name)))
            k.row[k.n++] = r;
    }
    qsort(k.row, k.n, sizeof *k.row, by_hits);
    return k;
}

static void hits_print(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct picked k = hits_pick(d->process, o->filter);
    struct table *t = table_new();
    unsigned name = table_column(t, "module", COLUMN_CUT_END);
    unsigned n = table_column(t, "calls", COLUMN_RIGHT),
             mean = table_column(t, "mean", COLUMN_RIGHT);
    for (size_t i = 0; i < k.n && i < o->top; i++) {
        const struct rec_require_hit *r = k.row[i];
        table_row(t, TABLE_NO_PARENT);
        table_cell(t, name, process_display(d->process, r->name));
        cell_count(t, n, r->n);
        if (r->timed_n)
            cell_ns(t, mean, (double)r->timed_ns / (double)r->timed_n);
    }
    if (k.n)
        page_heading(c, "Required again", "the module was already loaded");
    table_print(t, c);
    page_more(c, k.n > o->top ? k.n - o->top : 0, "modules");
    table_free(t);
    free(k.row);
}

static struct picked chunks_pick(struct process *p, const char *filter)
{
    struct picked k = {xcalloc(p->chunks.n, sizeof *k.row), 0};
    for (size_t i = 0; i < p->chunks.n; i++) {
        const struct rec_chunk *r = rowset_at(&p->chunks, i);
        if (pattern_match(filter, chunk_name(p, r)))
            k.row[k.n++] = r;
    }
    qsort(k.row, k.n, sizeof *k.row, by_cost);
    return k;
}

struct chunk_columns {
    unsigned name, origin, loads, again, failed, bytes, read, compile, runs, run;
};

static void chunk_columns(struct chunk_columns *m, struct table *t)
{
    m->name = table_column(t, "chunk", COLUMN_CUT_START);
    m->origin = table_column(t, "by", 0);
    m->loads = table_column(t, "compiled", COLUMN_RIGHT);
    m->again = table_column(t, "again", COLUMN_RIGHT);
    m->failed = table_column(t, "failed", COLUMN_RIGHT);
    m->bytes = table_column(t, "KiB", COLUMN_RIGHT);
    m->read = table_column(t, "read", COLUMN_RIGHT);
    m->compile = table_column(t, "compile", COLUMN_RIGHT);
    m->runs = table_column(t, "runs", COLUMN_RIGHT);
    m->run = table_column(t, "run", COLUMN_RIGHT);
}

static void chunk_row(const struct chunk_columns *m, struct table *t, struct process *p,
                      const struct rec_chunk *r)
{
    table_row(t, TABLE_NO_PARENT);
    table_cell(t, m->name, chunk_name(p, r));
    table_cell(t, m->origin, chunk_origin_name((unsigned)r->origin));
    cell_count(t, m->loads, r->load_n);
    cell_count(t, m->again, r->repeat_n);
    cell_count(t, m->failed, r->fail_n);
    cell_kib(t, m->bytes, (int64_t)r->bytes);
    cell_ms(t, m->read, r->read_ns);
    cell_ms(t, m->compile, r->compile_ns);
    cell_count(t, m->runs, r->run_n);
    cell_ms(t, m->run, r->run_ns);
    if (r->repeat_n)
        table_row_color(t, "yellow");
}

static void chunks_print(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct picked k = chunks_pick(d->process, o->filter);
    struct table *t = table_new();
    struct chunk_columns m;
    chunk_columns(&m, t);
    for (size_t i = 0; i < k.n && i < o->top; i++)
        chunk_row(&m, t, d->process, k.row[i]);
    if (k.n)
        page_heading(c, "Chunks compiled",
                     "ms; again: the same text had been compiled before; runs: those begun from C");
    table_print(t, c);
    page_more(c, k.n > o->top ? k.n - o->top : 0, "chunks");
    table_free(t);
    free(k.row);
}

void text_chunks(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    hits_print(d, o, c);
    chunks_print(d, o, c);
}
