/* memory_leaks: see memory_leaks.h. */
#include "collector/analyse/memory_leaks.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

enum {
    CHECKS_ENOUGH = 3, /* to see something rise */
    EVENTS_LEAST = 8   /* blocks and growths: a few blocks are no trend */
};

/* Parts of what is held: less than that is noise. */
static const double noise = 0.05, rise = 0.25, all_kept = 0.9;

const char *leak_verdict_name(enum leak_verdict v)
{
    static const char *const name[] = {"rises", "unsure", "kept"};
    return name[v];
}

static double held_at(const struct leak_course *c, unsigned check)
{
    return (double)c->sums->check[check].bytes;
}

/* Never falls from check to check, up to noise, and rises over the newest three. */
static int rose(const struct leak_course *c)
{
    double newest = held_at(c, 0);
    for (unsigned i = 1; i < c->check_n; i++)
        if (held_at(c, i) > held_at(c, i - 1) + noise * newest)
            return 0;
    return newest > 0 && newest >= (1 + rise) * held_at(c, c->check_n > 2 ? 2 : 1);
}

/* Has gone on since the newest check, as far as that can be expected. */
static int goes_on(const struct leak_course *c, double held)
{
    return held >= held_at(c, 0) * (1 - noise + rise * (c->clock_ratio - 1));
}

enum leak_verdict leak_judge(const struct leak_course *c)
{
    const struct memory_amount *made = &c->sums->of[MEMORY_MADE], *held = &c->sums->of[MEMORY_LIVE];
    int nothing_freed = (double)held->n >= all_kept * (double)made->n;
    if (!held->bytes || held->n + c->sums->of[MEMORY_GROWN].n < EVENTS_LEAST)
        return LEAK_KEPT;
    if (c->check_n >= 2 && rose(c) && goes_on(c, (double)held->bytes) &&
        (c->check_n >= CHECKS_ENOUGH || nothing_freed))
        return LEAK_RISES;
    if (c->check_n < CHECKS_ENOUGH && nothing_freed &&
        (!c->check_n || (double)held->bytes > (1 + rise) * held_at(c, 0)))
        return LEAK_UNSURE;
    return LEAK_KEPT;
}

static unsigned checks_n(const struct process *p)
{
    unsigned n = 0;
    while (n < MEMORY_CHECKS && p->heap.checks.clock[n])
        n++;
    return n;
}

/* Bytes that Lua allocated by the end, over those by the newest check. */
static double clock_ratio(const struct process *p)
{
    double all = 0, check = (double)p->heap.checks.clock[0];
    for (size_t i = 0; i < p->states.n; i++) {
        const struct rec_state *s = rowset_at(&p->states, i);
        all += (double)s->grow_bytes;
        for (int k = 0; k < ALLOC_KIND_N; k++)
            all += (double)s->kind_bytes[k];
    }
    return check > 0 && all > check ? all / check : 1;
}

static int compare(const void *pa, const void *pb)
{
    const struct leak *a = pa, *b = pb;
    uint64_t x = a->row.sums.of[MEMORY_LIVE].bytes, y = b->row.sums.of[MEMORY_LIVE].bytes;
    if (a->verdict != b->verdict)
        return a->verdict < b->verdict ? -1 : 1;
    if (x != y)
        return x > y ? -1 : 1;
    if (a->heap != b->heap)
        return a->heap < b->heap ? -1 : 1;
    return strcmp(a->row.label, b->row.label);
}

static void leak_add(struct leaks *l, const struct leak *found)
{
    l->at[l->n++] = *found;
    if (found->suppressed) {
        l->suppressed_n++;
        return;
    }
    l->verdict_n[found->verdict]++;
    l->verdict_bytes[found->verdict] += found->row.sums.of[MEMORY_LIVE].bytes;
}

static const char *library_of(struct process *p, const struct leak *l)
{
    const struct alloc_site *site = rowset_at(&p->heap.sites, l->row.site);
    return l->heap == HEAP_C && site->about.object ? process_object_path(p, site->about.object - 1)
                                                   : "";
}

static void heap_add(struct leaks *l, struct process *p, struct symbols *symbols, unsigned heap,
                     const struct leak_filter *filter)
{
    struct memory_rows rows;
    struct leak_course course = {.check_n = l->check_n, .clock_ratio = clock_ratio(p)};
    memory_rows_build(&rows, p, symbols, MEMORY_BY_LINE, 1u << heap);
    l->at = xrealloc(l->at, l->n + rows.n + 1, sizeof *l->at);
    for (size_t i = 0; i < rows.n; i++) {
        struct leak found = {.row = rows.row[i], .heap = heap};
        if (!found.row.sums.of[MEMORY_LIVE].bytes)
            continue;
        course.sums = &found.row.sums;
        found.library = library_of(p, &found);
        found.verdict = leak_judge(&course);
        if (filter)
            found.suppressed = filter->covers(filter->ctx, &found);
        leak_add(l, &found);
    }
    memory_rows_release(&rows);
}

void leaks_build(struct leaks *l, struct process *p, struct symbols *symbols,
                 const struct leak_filter *filter)
{
    memset(l, 0, sizeof *l);
    l->check_n = checks_n(p);
    heap_add(l, p, symbols, HEAP_LUA, filter);
    heap_add(l, p, symbols, HEAP_C, filter);
    if (l->n)
        qsort(l->at, l->n, sizeof *l->at, compare);
}

void leaks_release(struct leaks *l)
{
    free(l->at);
    memset(l, 0, sizeof *l);
}
