/* memory_sums: see memory_sums.h. */
#include "collector/analyse/memory_sums.h"

#include <math.h>
#include <string.h>

static struct memory_amount amount(int64_t n, int64_t bytes)
{
    return (struct memory_amount){n > 0 ? (uint64_t)n : 0, bytes > 0 ? (uint64_t)bytes : 0};
}

static struct memory_amount less(const struct memory_amount *a, const struct memory_amount *b)
{
    return amount((int64_t)(a->n - b->n), (int64_t)(a->bytes - b->bytes));
}

unsigned memory_heap(const struct alloc_site *site)
{
    return site->about.heap == HEAP_C ? HEAP_C : HEAP_LUA;
}

unsigned memory_mode(const struct process *p, unsigned heap)
{
    const struct rec_alloc_mode *m = &p->heap.mode;
    return p->heap.mode_seen ? (unsigned)(heap == HEAP_C ? m->c_mode : m->lua_mode) : ALLOC_OFF;
}

uint64_t memory_interval(const struct process *p, unsigned heap)
{
    const struct rec_alloc_mode *m = &p->heap.mode;
    if (memory_mode(p, heap) != ALLOC_SAMPLED)
        return 0;
    return heap == HEAP_C ? m->c_interval : m->lua_interval;
}

uint64_t memory_interval_most(const struct process *p, unsigned heap)
{
    const struct rec_alloc_mode *m = &p->heap.mode;
    uint64_t asked = memory_interval(p, heap), most = heap == HEAP_C ? m->c_most : m->lua_most;
    return asked && most > asked ? most : asked;
}

int memory_open(const struct process *p)
{
    for (size_t i = 0; i < p->states.n; i++)
        if (!((const struct rec_state *)rowset_at(&p->states, i))->closed_ns)
            return 1;
    return 0;
}

/* What closed states held counts as it was before they gave it back. */
static void live_set(struct memory_sums *s, const struct alloc_site *site, int open)
{
    const struct rec_alloc_count *c = &site->count;
    s->of[MEMORY_LEFT] = amount(c->live_n, c->live_bytes);
    if (memory_heap(site) == HEAP_C)
        s->of[MEMORY_LIVE] = s->of[MEMORY_LEFT];
    else
        s->of[MEMORY_LIVE] = amount(c->close_n + (open ? c->live_n : 0),
                                    c->close_bytes + (open ? c->live_bytes : 0));
    if (open && memory_heap(site) == HEAP_LUA) /* held on purpose */
        s->of[MEMORY_LEFT] = amount(0, 0);
}

/* Of what closed states held no variance was kept: it has its share of that of all that was made. */
static double live_variance(const struct memory_sums *s, const struct rec_alloc_count *c)
{
    double made = (double)s->of[MEMORY_MADE].bytes, held = (double)s->of[MEMORY_LIVE].bytes;
    if (!c->close_bytes || made <= 0)
        return (double)c->live_var * 1048576;
    return s->made_variance * fmin(held / made, 1);
}

struct memory_sums memory_sums_of(const struct alloc_site *site, int open)
{
    const struct rec_alloc_count *c = &site->count;
    struct memory_sums s = {.made_variance = (double)c->alloc_var * 1048576,
                            .seen_n = c->seen_n,
                            .gc_ns = c->gc_ns,
                            .kinds = 1u << (site->about.kind % ALLOC_KIND_N),
                            .heaps = 1u << memory_heap(site)};
    s.of[MEMORY_MADE] = (struct memory_amount){c->alloc_n, c->alloc_bytes + c->grow_bytes};
    live_set(&s, site, open);
    s.live_variance = live_variance(&s, c);
    s.of[MEMORY_PEAK] = amount(c->peak_n, c->peak_bytes);
    s.of[MEMORY_FREED] = less(&s.of[MEMORY_MADE], &s.of[MEMORY_LIVE]);
    s.of[MEMORY_GROWN] = (struct memory_amount){c->grow_n, c->grow_bytes};
    s.of[MEMORY_COLLECTED] = (struct memory_amount){c->gc_free_n, c->gc_free_bytes};
    s.of[MEMORY_FULL] = amount(c->full_n, c->full_bytes);
    s.look_bytes = c->look_bytes;
    memcpy(s.late_bytes, c->late_bytes, sizeof s.late_bytes);
    memcpy(s.since_bytes, c->since_bytes, sizeof s.since_bytes);
    for (int i = 0; i < MEMORY_CHECKS; i++) {
        s.check[i] = (struct memory_amount){c->check_n[i], c->check_bytes[i]};
        s.fell_bytes[i] = c->fell_bytes[i];
    }
    return s;
}

static void amounts_add(struct memory_amount *a, const struct memory_amount *more, int n)
{
    for (int i = 0; i < n; i++) {
        a[i].n += more[i].n;
        a[i].bytes += more[i].bytes;
    }
}

void memory_sums_add(struct memory_sums *s, const struct memory_sums *more)
{
    amounts_add(s->of, more->of, MEMORY_SUM_N);
    amounts_add(s->check, more->check, MEMORY_CHECKS);
    for (int i = 0; i < MEMORY_CHECKS; i++)
        s->fell_bytes[i] += more->fell_bytes[i];
    s->look_bytes += more->look_bytes;
    for (int i = 0; i < MEMORY_LATE; i++)
        s->late_bytes[i] += more->late_bytes[i];
    for (int i = 0; i < MEMORY_PAST; i++)
        s->since_bytes[i] += more->since_bytes[i];
    s->made_variance += more->made_variance;
    s->live_variance += more->live_variance;
    s->seen_n += more->seen_n;
    s->gc_ns += more->gc_ns;
    s->kinds |= more->kinds;
    s->heaps |= more->heaps;
}

double memory_made_error(const struct memory_sums *s)
{
    return sqrt(s->made_variance);
}

double memory_live_error(const struct memory_sums *s)
{
    return sqrt(s->live_variance);
}
