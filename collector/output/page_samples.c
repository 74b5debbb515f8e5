/* page_samples: what the sampled time is made of, and when it was, for the page. */
#include <stdlib.h>

#include "collector/output/page_parts.h"
#include "collector/output/page_write.h"
#include "collector/util/xalloc.h"

/* More than there are pixels; a stretch is then at most 1/2048 of the time. */
enum { BUCKETS_MAX = 4096 };

/* ---- threads ---- */

struct page_thread {
    uint64_t tid;
};

static void threads_collect(struct rowset *threads, const struct process *p)
{
    rowset_init(threads, sizeof(struct page_thread));
    for (size_t i = 0; i < p->threads.n; i++) {
        uint64_t tid = ((const struct rec_thread *)rowset_at(&p->threads, i))->tid;
        ((struct page_thread *)rowset_put(threads, tid))->tid = tid;
    }
    for (size_t i = 0; i < p->samples.row_n; i++) {
        uint64_t tid = p->samples.row[i].tid;
        ((struct page_thread *)rowset_put(threads, tid))->tid = tid;
    }
}

static int64_t thread_number(const struct rowset *threads, uint64_t tid)
{
    const char *row = rowset_find(threads, tid);
    return (int64_t)((size_t)(row - threads->rows) / threads->row_bytes);
}

static void threads_write(struct page_process *p, const struct rowset *threads)
{
    struct page_column c;
    fputs("\"threads\":{", p->out);
    page_column_begin(&c, p->out, "tid", 1);
    for (size_t i = 0; i < threads->n; i++)
        page_column_put(&c, (int64_t)((const struct page_thread *)rowset_at(threads, i))->tid);
    page_column_end(&c);
    page_column_begin(&c, p->out, "name", 0);
    for (size_t i = 0; i < threads->n; i++) {
        uint64_t tid = ((const struct page_thread *)rowset_at(threads, i))->tid;
        const struct rec_thread *r = rowset_find(&p->process->threads, tid);
        const char *name = r ? process_bytes_display(p->process, r->name) : "";
        page_column_put(&c, page_texts_number(&p->texts, name));
    }
    page_column_end(&c);
    fputc('}', p->out);
}

/* ---- rows: written in order of node, so that the column of nodes is small ---- */

struct rows {
    struct page_process *p;
    uint32_t *at;     /* numbers of sample rows, in order of node */
    uint32_t *number; /* by sample row: where it stands in AT */
    size_t n;
    uint64_t *coroutine; /* addresses of those that are told apart, ascending */
    size_t coroutine_n;
};

static int by_node(const void *pa, const void *pb, void *ctx)
{
    const struct page_process *p = ctx;
    uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
    uint32_t na = p->order.number[p->row[a].node], nb = p->order.number[p->row[b].node];
    return na < nb ? -1 : na > nb ? 1 : a < b ? -1 : a > b;
}

static void rows_sort(struct rows *r, struct page_process *p)
{
    r->p = p;
    r->n = p->process->samples.row_n;
    r->at = xcalloc(r->n, sizeof *r->at);
    r->number = xcalloc(r->n, sizeof *r->number);
    for (size_t i = 0; i < r->n; i++)
        r->at[i] = (uint32_t)i;
    qsort_r(r->at, r->n, sizeof *r->at, by_node, p);
    for (size_t i = 0; i < r->n; i++)
        r->number[r->at[i]] = (uint32_t)i;
}

/* C evaluates VALUE for each row, with S and ROW. */
#define ROWS_COLUMN(name, first, value) \
    do { \
        struct page_column c; \
        page_column_begin(&c, r->p->out, name, first); \
        for (size_t i = 0; i < r->n; i++) { \
            const struct sample_total *s = &r->p->process->samples.row[r->at[i]]; \
            const struct stack_row *row = &r->p->row[r->at[i]]; \
            (void)s, (void)row; \
            page_column_put(&c, (int64_t)(value)); \
        } \
        page_column_end(&c); \
    } while (0)

/* FUNCTION: by frame of the tree `code`. */
static int64_t coroutine_number(const struct stack_row *row, const uint32_t *function)
{
    return row->coroutine ? (int64_t)function[row->coroutine - 1] + 1 : 0;
}

static int by_address(const void *pa, const void *pb)
{
    uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
    return a < b ? -1 : a > b;
}

static void coroutines_sort(struct rows *r)
{
    uint64_t *at = xcalloc(r->n, sizeof *at);
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->p->process->samples.row[i].coroutine)
            at[n++] = r->p->process->samples.row[i].coroutine;
    qsort(at, n, sizeof *at, by_address);
    for (size_t i = 0; i < n; i++)
        if (!kept || at[i] != at[kept - 1])
            at[kept++] = at[i];
    r->coroutine = at;
    r->coroutine_n = kept;
}

static int64_t instance_number(const struct rows *r, uint64_t address)
{
    const uint64_t *at =
        address ? bsearch(&address, r->coroutine, r->coroutine_n, sizeof address, by_address)
                : NULL;
    return at ? at - r->coroutine + 1 : 0;
}

static void rows_write(const struct rows *r, const struct rowset *threads)
{
    uint64_t period = stack_period_ns(r->p->process);
    uint32_t *function = page_functions_of(&r->p->functions, &r->p->code.tree, PAGE_TREE_CODE);
    page_key(r->p->out, "rows");
    fputc('{', r->p->out);
    ROWS_COLUMN("node_d", 1, r->p->order.number[row->node]);
    ROWS_COLUMN("thread", 0, thread_number(threads, s->tid));
    ROWS_COLUMN("state", 0, s->state);
    ROWS_COLUMN("what", 0, row->what);
    ROWS_COLUMN("metric", 0, row->metric);
    ROWS_COLUMN("coroutine", 0, coroutine_number(row, function));
    ROWS_COLUMN("instance", 0, instance_number(r, s->coroutine));
    ROWS_COLUMN("n", 0, s->n);
    ROWS_COLUMN("weight", 0, s->periods * period);
    fputc('}', r->p->out);
    free(function);
}

/* ---- when ---- */

static int by_row(const void *pa, const void *pb)
{
    const struct sample_log_entry *a = pa, *b = pb;
    if (a->bucket != b->bucket)
        return a->bucket < b->bucket ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* A sample of waiting comes when it is over, and stands for all the time before: that is where it belongs.
 * Returns in how many buckets E's time is. */
static uint32_t buckets_of(const struct page_process *p, const struct sample_log_entry *e)
{
    uint64_t ns = e->periods * stack_period_ns(p->process),
             n = ns / p->process->samples.log->bucket_ns;
    if (!(p->process->samples.row[e->row].flags & SAMPLE_WAITING) || n < 2)
        return 1;
    n = n < e->periods ? n : e->periods;
    return n <= e->bucket ? (uint32_t)n : e->bucket + 1;
}

static void waiting_spread(struct page_process *p)
{
    struct sample_log *l = p->process->samples.log;
    size_t n = l->n;
    for (size_t i = 0; i < n && l->n < SAMPLE_LOG_MAX; i++) {
        struct sample_log_entry e = l->at[i];
        uint32_t buckets = buckets_of(p, &e), each = e.periods / buckets;
        for (uint32_t k = 1; k < buckets; k++) {
            l->at = xgrow(l->at, l->n, &l->cap, sizeof *l->at);
            l->at[l->n++] = (struct sample_log_entry){e.bucket - k, e.row, each};
        }
        l->at[i].periods -= each * (buckets - 1);
    }
}

static void counts_write(const struct sample_log *l, size_t bucket_n, FILE *out)
{
    struct page_column c;
    size_t at = 0;
    page_column_begin(&c, out, "count", 0);
    for (size_t b = 0; b < bucket_n; b++) {
        size_t from = at;
        while (at < l->n && l->at[at].bucket == b)
            at++;
        page_column_put(&c, (int64_t)(at - from));
    }
    page_column_end(&c);
}

static void log_write(struct page_process *p, const struct rows *r)
{
    struct sample_log *l = p->process->samples.log;
    struct page_column c;
    uint64_t end_ns = process_since_start(p->process, process_end_ns(p->process));
    size_t bucket_n = sample_log_finish(l, end_ns, BUCKETS_MAX);
    waiting_spread(p);
    for (size_t i = 0; i < l->n; i++)
        l->at[i].row = r->number[l->at[i].row];
    qsort(l->at, l->n, sizeof *l->at, by_row);
    fprintf(p->out, "{\"bucket_ns\":%llu", (unsigned long long)l->bucket_ns);
    counts_write(l, bucket_n, p->out);
    page_column_begin(&c, p->out, "row_d", 0);
    for (size_t i = 0; i < l->n; i++) {
        if (i && l->at[i].bucket != l->at[i - 1].bucket)
            c.last = 0;
        page_column_put(&c, l->at[i].row);
    }
    page_column_end(&c);
    page_column_begin(&c, p->out, "periods", 0);
    for (size_t i = 0; i < l->n; i++)
        page_column_put(&c, l->at[i].periods);
    page_column_end(&c);
    fputc('}', p->out);
}

static void when_write(struct page_process *p, const struct rows *r)
{
    const struct sample_log *l = p->process->samples.log;
    page_key(p->out, "log");
    if (l && !l->given_up) {
        log_write(p, r);
        return;
    }
    fputs("null", p->out);
    page_prune_say(p, xstrdup("the times of the samples are left out, because there are too many "
                              "different stacks: no part of the time can be chosen"));
}

void page_samples(struct page_process *p)
{
    struct rowset threads;
    struct rows r;
    page_key(p->out, "samples");
    if (!p->row) {
        fputs("null", p->out);
        return;
    }
    threads_collect(&threads, p->process);
    rows_sort(&r, p);
    coroutines_sort(&r);
    fputc('{', p->out);
    threads_write(p, &threads);
    page_key(p->out, "what");
    for (unsigned i = 0; i < STATE_N; i++)
        fprintf(p->out, "%c\"%s\"", i ? ',' : '[', stack_state_key(i));
    fprintf(p->out, "],\"period_ns\":[%llu]", (unsigned long long)stack_period_ns(p->process));
    rows_write(&r, &threads);
    when_write(p, &r);
    fputc('}', p->out);
    rowset_release(&threads);
    free(r.at);
    free(r.number);
    free(r.coroutine);
}
