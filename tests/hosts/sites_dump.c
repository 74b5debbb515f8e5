/* sites_dump: prints what a trace says of allocation sites, the collector and marks, one record a line, for tests:
 *   sites_dump FILE.   Reads by the model only; analysis and reports share nothing with it.
 * Stacks: innermost first, frames "SOURCE:LINE", "C:NAME", "native", "coroutine", joined by " < ". */
/* LINK: MODPROF_TOOL */
#include <inttypes.h>
#include <stdio.h>

#include "collector/ingest/ingest.h"

static void print_frame(struct process *p, const struct rec_node *n)
{
    const struct rec_proto *f;
    const struct rec_function *c;
    switch (n->kind) {
    case NODE_LUA:
        f = rowset_find(&p->protos, n->value);
        printf("%s:%" PRIu64 "%s%s", f ? process_display(p, f->source) : "?", n->line,
               n->flags & NODE_LINE_STALE ? "~" : "", n->flags & NODE_MERGED ? "*" : "");
        break;
    case NODE_C_FUNCTION:
        c = rowset_find(&p->functions, n->value - 1);
        printf("C:%s", c ? process_display(p, c->name) : "?");
        break;
    default:
        fputs(n->kind == NODE_NATIVE      ? "native"
              : n->kind == NODE_COROUTINE ? "coroutine"
                                          : "overflow",
              stdout);
    }
}

static void print_stack(struct process *p, uint64_t id)
{
    const struct rec_node *n;
    for (int i = 0; (n = rowset_find(&p->nodes, id)) != NULL && i < 1000; i++, id = n->parent) {
        fputs(i ? " < " : " ", stdout);
        print_frame(p, n);
    }
    putchar('\n');
}

#define FIELD(f) printf(" " #f "=%" PRId64, (int64_t)r->f)

static void print_site(struct process *p, const struct alloc_site *site)
{
    const struct rec_alloc_site *s = &site->about;
    const struct rec_alloc_count *r = &site->count;
    printf("site heap=%s kind=%s type=%s lane=%" PRIu64 " object=%" PRIu64 " overflow=%" PRIu64,
           alloc_heap_name((unsigned)s->heap), alloc_kind_name((unsigned)s->kind),
           process_display(p, s->type_name), s->lane, s->object, s->flags & SITE_OVERFLOW);
    FIELD(seen_n), FIELD(alloc_n), FIELD(alloc_bytes), FIELD(grow_n), FIELD(grow_bytes);
    FIELD(shrink_bytes), FIELD(free_n), FIELD(free_bytes), FIELD(gc_free_n), FIELD(gc_free_bytes);
    FIELD(live_n), FIELD(live_bytes), FIELD(peak_n), FIELD(peak_bytes), FIELD(full_n);
    FIELD(full_bytes), FIELD(close_n), FIELD(close_bytes), FIELD(inherited_n);
    FIELD(inherited_bytes), FIELD(alloc_var), FIELD(live_var), FIELD(gc_ns);
    printf(" native=%d |", s->native != 0);
    print_stack(p, s->lua);
}

static void print_gc(const struct rec_gc *r)
{
    printf("gc");
    FIELD(state), FIELD(how), FIELD(generational), FIELD(step_n), FIELD(step_ns), FIELD(full_n);
    FIELD(full_ns), FIELD(call_n), FIELD(call_ns), FIELD(pause_max_ns), FIELD(cycle_n);
    FIELD(minor_n), FIELD(free_n), FIELD(free_bytes), FIELD(finalize_ns), FIELD(unlisted_n);
    FIELD(finalize_n), FIELD(close_finalize_n), FIELD(close_finalize_ns);
    printf(" pauses=");
    for (uint32_t i = 0; i < r->pause_n_n; i++)
        printf("%s%" PRIu64, i ? "," : "", r->pause_n[i]);
    putchar('\n');
}

static void print_cycle(const struct rec_gc_cycle *r)
{
    printf("cycle kind=%s", gc_kind_name((unsigned)r->kind));
    FIELD(state), FIELD(begin_ns), FIELD(end_ns), FIELD(step_n), FIELD(step_ns), FIELD(step_max_ns);
    FIELD(begin_bytes), FIELD(end_bytes), FIELD(free_bytes);
    putchar('\n');
}

static void print_mark(struct process *p, const struct mark *m)
{
    const struct rec_mark *r = &m->about;
    int64_t live = 0;
    for (size_t i = 0; i < m->cell_n; i++)
        live += m->cell[i].bytes;
    printf("mark name=%s origin=%s", process_display(p, r->name),
           mark_origin_name((unsigned)r->origin));
    FIELD(id), FIELD(at_ns), FIELD(written_ns), FIELD(state), FIELD(lua_bytes), FIELD(c_bytes);
    printf(" sites=%zu live=%" PRId64 "\n", m->cell_n, live);
}

static void print_state(const struct rec_state *r)
{
    uint64_t n = 0, bytes = 0;
    for (int k = 0; k < ALLOC_KIND_N; k++)
        n += r->kind_n[k], bytes += r->kind_bytes[k];
    printf("state alloc_n=%" PRIu64 " alloc_bytes=%" PRIu64, n, bytes);
    FIELD(id), FIELD(live_bytes), FIELD(peak_bytes), FIELD(close_live_bytes), FIELD(grow_bytes);
    FIELD(shrink_bytes), FIELD(free_bytes), FIELD(setallocf_n);
    putchar('\n');
}

static void print_process(struct process *p)
{
    const struct rec_alloc_mode *r = &p->heap.mode;
    printf("process pid=%u forked_from=%" PRIu64, p->pid, p->about.forked_from);
    FIELD(lua_mode), FIELD(lua_interval), FIELD(c_mode), FIELD(c_interval), FIELD(sites_max);
    FIELD(tracked_max), FIELD(tag_bytes);
    printf(" points=%zu shim_bytes=%" PRIu64, p->memory.n, p->about.shim_bytes);
    printf(" lost_sites=%" PRIu64 " lost_tracks=%" PRIu64 " lost_nodes=%" PRIu64 " c_live=%" PRId64
           "\n",
           p->losses[LOSS_SITES_FULL], p->losses[LOSS_TRACK_FULL], p->losses[LOSS_NODES_FULL],
           p->c_heap.live_bytes);
    for (size_t i = 0; i < p->states.n; i++)
        print_state(rowset_at(&p->states, i));
    for (size_t i = 0; i < p->heap.sites.n; i++)
        print_site(p, rowset_at(&p->heap.sites, i));
    for (size_t i = 0; i < p->heap.gcs.n; i++)
        print_gc(rowset_at(&p->heap.gcs, i));
    for (size_t i = 0; i < p->heap.cycles.n; i++)
        print_cycle(rowset_at(&p->heap.cycles, i));
    for (size_t i = 0; i < p->heap.mark_n; i++)
        print_mark(p, &p->heap.mark[i]);
}

int main(int argc, char **argv)
{
    struct model m;
    struct err e = {0};
    if (argc != 2 || ingest_file_completing(argv[1], &m, &e) != 0)
        return fprintf(stderr, "sites_dump: can not read %s\n", argc > 1 ? argv[1] : "nothing"), 1;
    for (size_t i = 0; i < m.process_n; i++)
        print_process(m.process[i]);
    model_release(&m);
    return 0;
}
