/* apply: one function for each kind of record, called from a switch made from records.def, so that
 * a new record does not compile before it is dealt with here.  See apply.h. */
#include "collector/ingest/apply.h"

#include <string.h>

#include "collector/ingest/apply_memory.h"

static void seen_ns(struct process *p, uint64_t ns)
{
    if (ns > p->last_ns)
        p->last_ns = ns;
}

static struct rec_bytes keep(struct process *p, struct rec_bytes b)
{
    if (b.n)
        b.at = (const uint8_t *)pool_copy(&p->pool, b.at, b.n);
    return b;
}

static void apply_process(struct process *p, const struct rec_process *r)
{
    p->about = *r;
    p->about.shim_version = keep(p, r->shim_version);
    p->about.exe = keep(p, r->exe);
    p->about.argv = keep(p, r->argv);
    p->about.cwd = keep(p, r->cwd);
    p->about.arena_path = keep(p, r->arena_path);
    p->about_seen = 1;
    seen_ns(p, r->attach_ns);
}

static void apply_string(struct process *p, const struct rec_string *r)
{
    struct text *t = rowset_put(&p->strings, r->id);
    if (t->at && t->n == r->bytes.n && memcmp(t->at, r->bytes.at, t->n) == 0)
        return;
    t->at = pool_copy(&p->pool, r->bytes.at, r->bytes.n);
    t->n = r->bytes.n;
}

static void apply_object(struct process *p, const struct rec_object *r)
{
    struct rec_object *o = rowset_put(&p->objects, r->id);
    *o = *r;
    o->build_id = keep(p, r->build_id);
}

static void apply_copy(struct process *p, const struct rec_copy *r)
{
    *(struct rec_copy *)rowset_put(&p->copies, r->id) = *r;
}

static void apply_uncovered(struct process *p, const struct rec_uncovered *r)
{
    uint64_t key = (uint64_t)r->what << 36 ^ (uint64_t)r->reason << 8 ^ r->copy;
    *(struct rec_uncovered *)rowset_put(&p->uncovered, key) = *r;
}

static void apply_function(struct process *p, const struct rec_function *r)
{
    *(struct rec_function *)rowset_put(&p->functions, r->id) = *r;
}

static void apply_state(struct process *p, const struct rec_state *r)
{
    *(struct rec_state *)rowset_put(&p->states, r->id) = *r;
    seen_ns(p, r->created_ns);
    seen_ns(p, r->closed_ns);
}

static struct span *span_of(struct process *p, uint64_t id)
{
    struct span *s = rowset_put(&p->spans, id);
    if (!s->seen)
        s->order = (uint32_t)p->spans.n - 1;
    return s;
}

static void apply_span_begin(struct process *p, const struct rec_span_begin *r)
{
    struct span *s = span_of(p, r->id);
    s->begin = *r;
    s->seen |= SPAN_SEEN_BEGIN;
    seen_ns(p, r->begin_ns);
}

static void apply_span_end(struct process *p, const struct rec_span_end *r)
{
    struct span *s = span_of(p, r->id);
    s->end = *r;
    s->seen |= SPAN_SEEN_END;
    seen_ns(p, r->end_ns);
}

static void apply_span_try(struct process *p, const struct rec_span_try *r)
{
    *(struct rec_span_try *)rowset_put(&p->tries, p->tries.n) = *r;
    seen_ns(p, r->at_ns);
}

static void apply_require_hit(struct process *p, const struct rec_require_hit *r)
{
    *(struct rec_require_hit *)rowset_put(&p->hits, r->name) = *r;
}

static void apply_chunk(struct process *p, const struct rec_chunk *r)
{
    *(struct rec_chunk *)rowset_put(&p->chunks, r->key) = *r;
}

static void apply_crossing(struct process *p, const struct rec_crossing *r)
{
    *(struct rec_crossing *)rowset_put(&p->crossings, r->function) = *r;
}

static void apply_c_alloc(struct process *p, const struct rec_c_alloc *r)
{
    *(struct rec_c_alloc *)rowset_put(&p->c_allocs, r->object) = *r;
}

/* Threads tell the peak in steps: what was live at a moment that is known was the peak at least. */
static void c_lived(struct process *p, int64_t bytes)
{
    if (bytes > 0 && (uint64_t)bytes > p->c_heap.peak_bytes)
        p->c_heap.peak_bytes = (uint64_t)bytes;
}

static void apply_c_heap(struct process *p, const struct rec_c_heap *r)
{
    uint64_t peak = p->c_heap.peak_bytes;
    p->c_heap = *r;
    c_lived(p, (int64_t)peak);
}

static void apply_loss(struct process *p, const struct rec_loss *r)
{
    /* Marks that were in the trace and found no room here are counted, too (apply_mark). */
    if (r->what != LOSS_MARKS || r->n > p->losses[LOSS_MARKS])
        p->losses[r->what < LOSS_N ? r->what : 0] = r->n;
}

static void apply_milestone(struct process *p, const struct rec_milestone *r)
{
    size_t n = sizeof p->milestones / sizeof *p->milestones;
    if (r->what < n)
        p->milestones[r->what] = *r;
    seen_ns(p, r->at_ns);
}

static void apply_end(struct process *p, const struct rec_end *r)
{
    p->end = *r;
    p->end_seen = 1;
    /* The kernel adds a process's pages up from parts now and then: it was as large as it was seen. */
    for (size_t i = 0; p->end.max_rss_kib && i < p->memory.n; i++) {
        const struct rec_sample_memory *moment = rowset_at(&p->memory, i);
        if (moment->rss_bytes / 1024 > p->end.max_rss_kib)
            p->end.max_rss_kib = moment->rss_bytes / 1024;
    }
    seen_ns(p, r->end_ns);
}

static void apply_sample_memory(struct process *p, const struct rec_sample_memory *r)
{
    *(struct rec_sample_memory *)rowset_put(&p->memory, p->memory.n) = *r;
    c_lived(p, r->c_bytes);
    seen_ns(p, r->at_ns);
}

static void apply_self_cost(struct process *p, const struct rec_self_cost *r)
{
    p->self_cost = *r;
}

static void apply_up_calls(struct process *p, const struct rec_up_calls *r)
{
    p->up_calls = *r;
}

static void apply_sampler(struct process *p, const struct rec_sampler *r)
{
    p->sampler = *r;
}

static void apply_proto(struct process *p, const struct rec_proto *r)
{
    *(struct rec_proto *)rowset_put(&p->protos, r->id) = *r;
}

static void apply_node(struct process *p, const struct rec_node *r)
{
    *(struct rec_node *)rowset_put(&p->nodes, r->id) = *r;
}

static void apply_sample(struct process *p, const struct rec_sample *r)
{
    seen_ns(p, r->at_ns);
    uint64_t since_ns = process_since_start(p, r->at_ns);
    if (sample_window_holds(&p->window, since_ns))
        sample_table_add(&p->samples, r, since_ns);
    else
        p->samples.outside_n++;
}

static void apply_code_role(struct process *p, const struct rec_code_role *r)
{
    *(struct rec_code_role *)rowset_put(&p->roles, r->lo) = *r;
}

static void apply_thread(struct process *p, const struct rec_thread *r)
{
    struct rec_thread *t = rowset_put(&p->threads, r->tid);
    *t = *r;
    t->name = keep(p, r->name);
}

/* 1 where the kind is known; *BAD is set where its payload is damaged. */
static int apply_one(struct process *p, uint64_t kind, const uint8_t *payload, size_t n, int *bad)
{
    switch (kind) {
#define RECORD(number, name) \
    case number: { \
        struct rec_##name r; \
        *bad = rec_##name##_decode(&r, payload, n) != 0; \
        if (!*bad) \
            apply_##name(p, &r); \
        return 1; \
    }
#define U64(f)
#define S64(f)
#define SID(f)
#define BYTES(f)
#define U64S(f, max)
#define END_RECORD(name)
#include "wire/records.def"
    default:
        return 0;
    }
}

void apply_records(struct process *p, const uint8_t *at, size_t n)
{
    const uint8_t *end = at + n, *payload;
    uint64_t kind;
    size_t length;
    int more;
    while ((more = record_next(&at, end, &kind, &payload, &length)) > 0) {
        int bad = 0;
        p->end_seen = 0; /* the end record counts only where it is the last */
        if (!apply_one(p, kind, payload, length, &bad))
            p->unknown_records_n++;
        p->damaged_records_n += (uint64_t)bad;
        p->records_n++;
    }
    sample_table_flush(&p->samples);
    p->damaged_records_n += more < 0;
}
