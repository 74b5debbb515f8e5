/* memory_rows: see memory_rows.h. */
#include "collector/analyse/memory_rows.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

enum { CHAIN_MAX = 20000, NOWHERE = UINT32_MAX }; /* a damaged trace may hold circles */

enum frame_by memory_frames_by(enum memory_by by)
{
    return by == MEMORY_BY_LINE ? BY_LINE : by == MEMORY_BY_MODULE ? BY_MODULE : BY_FUNCTION;
}

/* The innermost frame of KIND, or the overflow node on the way to it: what was within is not known. */
static const struct rec_node *innermost(const struct process *p, uint64_t id, uint64_t kind)
{
    const struct rec_node *node;
    for (int i = 0; id && i < CHAIN_MAX; i++, id = node->parent) {
        node = rowset_find(&p->nodes, id);
        if (!node || node->kind == kind || node->kind == NODE_OVERFLOW)
            return node;
    }
    return NULL;
}

/* The host, or a C function that the host called through Lua. */
static uint32_t no_lua(struct frames *f, const struct alloc_site *site)
{
    const struct rec_node *c = innermost(f->process, site->about.lua, NODE_C_FUNCTION);
    const struct rec_node *native = rowset_find(&f->process->nodes, site->about.native);
    if (c && c->kind == NODE_C_FUNCTION)
        return frames_of_c(f, c);
    if (native && native->kind == NODE_NATIVE)
        return frames_place(f, native->value - 1)->frame;
    return frames_named(f, FRAME_NOTE, site->about.heap ? "[no Lua code]" : "[lost]");
}

static uint32_t lua_place(struct frames *f, const struct alloc_site *site)
{
    const struct rec_node *node = innermost(f->process, site->about.lua, NODE_LUA);
    if ((site->about.flags & SITE_OVERFLOW) || (node && node->kind == NODE_OVERFLOW))
        return frames_named(f, FRAME_NOTE, "[stacks not kept: table full]");
    return node ? frames_of_lua(f, node) : no_lua(f, site);
}

static uint32_t c_function(struct frames *f, const struct alloc_site *site)
{
    const struct rec_node *node = rowset_find(&f->process->nodes, site->about.lua);
    return node && node->kind == NODE_C_FUNCTION ? frames_of_c(f, node) : NOWHERE;
}

static const char *kind_label(struct process *p, const struct alloc_site *site)
{
    if (memory_heap(site) == HEAP_C)
        return "C memory";
    const char *kind = alloc_kind_name((unsigned)site->about.kind);
    const char *type = process_display(p, site->about.type_name);
    return *type ? pool_format(&p->pool, "%s %s", kind, type) : kind;
}

static uint32_t library(struct frames *f, const struct alloc_site *site)
{
    uint64_t object = site->about.object;
    const char *path = object ? process_object_path(f->process, object - 1) : "";
    if (memory_heap(site) != HEAP_C)
        return NOWHERE;
    return frames_named(f, FRAME_NATIVE, *path ? path : "(code in no loaded object)");
}

uint32_t memory_place(struct frames *f, enum memory_by by, const struct alloc_site *site)
{
    switch (by) {
    case MEMORY_BY_KIND:
        return frames_named(f, FRAME_NOTE, kind_label(f->process, site));
    case MEMORY_BY_C_FUNCTION:
        return c_function(f, site);
    case MEMORY_BY_LIBRARY:
        return library(f, site);
    default:
        return lua_place(f, site);
    }
}

static void row_add(struct memory_row *row, uint32_t site, const struct memory_sums *sums)
{
    memory_sums_add(&row->sums, sums);
    if (sums->of[MEMORY_MADE].bytes > row->site_bytes) {
        row->site = site;
        row->site_bytes = sums->of[MEMORY_MADE].bytes;
    }
}

static void rows_collect(struct memory_rows *r, struct frames *f, enum memory_by by, unsigned heaps)
{
    const struct rowset *sites = &f->process->heap.sites;
    int open = memory_open(f->process);
    struct rowset row; /* uint32_t, number in R + 1, by frame */
    size_t cap = 0;
    rowset_init(&row, sizeof(uint32_t));
    for (size_t i = 0; i < sites->n; i++) {
        const struct alloc_site *site = rowset_at(sites, i);
        uint32_t frame = heaps >> memory_heap(site) & 1 ? memory_place(f, by, site) : NOWHERE;
        if (frame == NOWHERE)
            continue;
        uint32_t *number = rowset_put(&row, frame);
        if (!*number) {
            const struct frame *at = &f->at[frame];
            r->row = xgrow(r->row, r->n, &cap, sizeof *r->row);
            r->row[r->n++] = (struct memory_row){.label = at->label,
                                                 .file = at->file,
                                                 .line = at->line,
                                                 .function = at->function,
                                                 .is_lua = at->kind == FRAME_LUA,
                                                 .site = (uint32_t)i};
            *number = (uint32_t)r->n;
        }
        struct memory_sums sums = memory_sums_of(site, open);
        row_add(&r->row[*number - 1], (uint32_t)i, &sums);
        memory_sums_add(&r->whole, &sums);
    }
    rowset_release(&row);
}

void memory_rows_build(struct memory_rows *r, struct process *p, struct symbols *symbols,
                       enum memory_by by, unsigned heaps)
{
    struct frames f;
    memset(r, 0, sizeof *r);
    frames_init(&f, p, symbols, memory_frames_by(by));
    rows_collect(r, &f, by, heaps);
    frames_release(&f);
    memory_rows_sort(r, MEMORY_MADE);
}

void memory_rows_release(struct memory_rows *r)
{
    free(r->row);
    memset(r, 0, sizeof *r);
}

static int compare(const void *pa, const void *pb, void *which)
{
    const struct memory_row *a = pa, *b = pb;
    const struct memory_amount *x = &a->sums.of[*(enum memory_sum *)which],
                               *y = &b->sums.of[*(enum memory_sum *)which];
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    if (a->sums.of[MEMORY_LIVE].bytes != b->sums.of[MEMORY_LIVE].bytes)
        return a->sums.of[MEMORY_LIVE].bytes > b->sums.of[MEMORY_LIVE].bytes ? -1 : 1;
    return strcmp(a->label, b->label);
}

void memory_rows_sort(struct memory_rows *r, enum memory_sum by)
{
    if (r->n)
        qsort_r(r->row, r->n, sizeof *r->row, compare, &by);
}

static int compare_charged(const void *pa, const void *pb)
{
    const struct memory_row *a = pa, *b = pb;
    if (a->sums.gc_ns != b->sums.gc_ns)
        return a->sums.gc_ns > b->sums.gc_ns ? -1 : 1;
    return strcmp(a->label, b->label);
}

void memory_rows_sort_charged(struct memory_rows *r)
{
    if (r->n)
        qsort(r->row, r->n, sizeof *r->row, compare_charged);
}
