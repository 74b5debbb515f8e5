/* memory_growth: see memory_growth.h. */
#include "collector/analyse/memory_growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

static int is_named(const struct process *p, const struct mark *m, const char *name, size_t n)
{
    struct text t = process_text(p, m->about.name);
    return t.n == n && !memcmp(t.at, name, n);
}

const struct mark *growth_mark(const struct process *p, const char *name)
{
    const struct memory_model *h = &p->heap;
    const char *hash = strrchr(name, '#');
    char *end = NULL;
    unsigned long wanted = hash ? strtoul(hash + 1, &end, 10) : 1, seen = 0;
    size_t n = strlen(name);
    for (size_t i = 0; i < h->mark_n; i++)
        if (is_named(p, &h->mark[i], name, n))
            return &h->mark[i];
    if (!hash || !end || *end || end == hash + 1)
        return NULL;
    n = (size_t)(hash - name);
    for (size_t i = 0; i < h->mark_n; i++)
        if ((!n && h->mark[i].about.id == wanted) ||
            (n && is_named(p, &h->mark[i], name, n) && ++seen == wanted))
            return &h->mark[i];
    return NULL;
}

const char *growth_why_none(struct process *p, const char *from, const char *to)
{
    const char *missing = growth_mark(p, from) ? to : from;
    if (p->heap.mark_n)
        return pool_format(&p->pool, "there is no mark `%s` in this process", missing);
    return pool_format(&p->pool,
                       "there is no mark `%s` in this process, nor any other: with "
                       "MODPROF_MARKS=1 in its environment Lua code makes them by "
                       "modprof.mark(name), with MODPROF_MARK_SIGNAL=12 signal 12 does",
                       missing);
}

static int compare(const void *pa, const void *pb)
{
    const struct growth_row *a = pa, *b = pb;
    int64_t x = a->to_bytes - a->from_bytes, y = b->to_bytes - b->from_bytes;
    if (x != y)
        return x > y ? -1 : 1;
    if (a->heap != b->heap)
        return a->heap < b->heap ? -1 : 1;
    return strcmp(a->label, b->label);
}

struct growing {
    struct growth *growth;
    struct frames frames;
    struct rowset by_place; /* uint32_t, row + 1, by place and heap */
    size_t cap;
};

static struct growth_row *row_of(struct growing *g, const struct alloc_site *site)
{
    struct growth *out = g->growth;
    uint32_t place = memory_place(&g->frames, MEMORY_BY_LINE, site);
    uint32_t *number = rowset_put(&g->by_place, (uint64_t)memory_heap(site) << 32 | place);
    if (!*number) {
        const struct frame *f = &g->frames.at[place];
        out->row = xgrow(out->row, out->n, &g->cap, sizeof *out->row);
        out->row[out->n] = (struct growth_row){.label = f->label,
                                               .file = f->file,
                                               .line = f->line,
                                               .function = f->function,
                                               .is_lua = f->kind == FRAME_LUA,
                                               .heap = memory_heap(site)};
        *number = (uint32_t)++out->n;
    }
    return &out->row[*number - 1];
}

/* Marks keep what was live, not its variance: a byte has that of all that the site made. What the two marks have in common does
 * not count, where nothing was ever freed; else they may have nothing in common. */
static double variance(const struct alloc_site *site, const struct mark_cell *from,
                       const struct mark_cell *to)
{
    struct memory_sums s = memory_sums_of(site, 1);
    double made = (double)s.of[MEMORY_MADE].bytes, a = (double)from->bytes, b = (double)to->bytes;
    double differ = s.of[MEMORY_FREED].bytes ? a + b : fabs(b - a);
    return made > 0 && differ > 0 ? s.made_variance / made * differ : 0;
}

static void site_add(struct growing *g, const struct alloc_site *site, uint32_t row)
{
    struct mark_cell from = mark_live(g->growth->from, row), to = mark_live(g->growth->to, row);
    int64_t more = to.bytes - from.bytes;
    if (!from.n && !from.bytes && !to.n && !to.bytes)
        return;
    struct growth_row *r = row_of(g, site);
    r->from_n += from.n;
    r->from_bytes += from.bytes;
    r->to_n += to.n;
    r->to_bytes += to.bytes;
    r->variance += variance(site, &from, &to);
    r->kinds |= 1u << (site->about.kind % ALLOC_KIND_N);
    if (more > r->site_bytes) {
        r->site = row;
        r->site_bytes = more;
    }
    *(memory_heap(site) == HEAP_C ? &g->growth->c_bytes : &g->growth->lua_bytes) += more;
}

static void unchanged_drop(struct growth *g)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->n; i++)
        if (g->row[i].from_bytes != g->row[i].to_bytes || g->row[i].from_n != g->row[i].to_n)
            g->row[kept++] = g->row[i];
    g->n = kept;
    if (kept)
        qsort(g->row, kept, sizeof *g->row, compare);
}

void growth_build(struct growth *g, struct process *p, struct symbols *symbols,
                  const struct mark *from, const struct mark *to)
{
    struct growing w = {.growth = g};
    memset(g, 0, sizeof *g);
    g->from = from;
    g->to = to;
    frames_init(&w.frames, p, symbols, BY_LINE);
    rowset_init(&w.by_place, sizeof(uint32_t));
    for (size_t i = 0; i < p->heap.sites.n; i++)
        site_add(&w, rowset_at(&p->heap.sites, i), (uint32_t)i);
    rowset_release(&w.by_place);
    frames_release(&w.frames);
    unchanged_drop(g);
}

void growth_release(struct growth *g)
{
    free(g->row);
    memset(g, 0, sizeof *g);
}
