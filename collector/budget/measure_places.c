/* measure_places: what lines of Lua code allocate and hold, what rises, and what the collector took.  There are none where the
 * trace does not say where memory was allocated. */
#include <inttypes.h>

#include "collector/analyse/memory_gc.h"
#include "collector/analyse/memory_leaks.h"
#include "collector/budget/measure_parts.h"

/* "dir/file.lua:12", or the label of what is no line. */
static const char *place_of(struct process *p, const struct memory_row *r)
{
    return r->is_lua && r->line ? pool_format(&p->pool, "%s:%" PRIu64, r->file, r->line) : r->label;
}

static void lines(struct measure_sink *s, enum memory_sum which, int blocks)
{
    struct digest *d = s->digest;
    struct memory_rows rows;
    memory_rows_build(&rows, d->process, d->symbols, MEMORY_BY_LINE, MEMORY_HEAP_LUA);
    for (size_t i = 0; i < rows.n; i++) {
        const struct memory_amount *a = &rows.row[i].sums.of[which];
        const char *place = place_of(d->process, &rows.row[i]);
        if (measure_wanted(s->rule, &s->rule->place, place))
            measure_item(s, (double)(blocks ? a->n : a->bytes), place);
    }
    memory_rows_release(&rows);
}

void measure_line_allocated(struct measure_sink *s)
{
    lines(s, MEMORY_MADE, 0);
}

void measure_line_blocks(struct measure_sink *s)
{
    lines(s, MEMORY_MADE, 1);
}

void measure_line_held(struct measure_sink *s)
{
    lines(s, MEMORY_LIVE, 0);
}

void measure_line_peak(struct measure_sink *s)
{
    lines(s, MEMORY_PEAK, 0);
}

/* Lines that do not rise count as seen, with 0: so that "nothing leaks" can pass. */
static void leaks(struct measure_sink *s, int blocks)
{
    struct digest *d = s->digest;
    struct leaks l;
    leaks_build(&l, d->process, d->symbols, NULL);
    for (size_t i = 0; i < l.n; i++) {
        const struct memory_row *r = &l.at[i].row;
        const char *place = place_of(d->process, r);
        int rises = l.at[i].verdict == LEAK_RISES;
        if (measure_wanted(s->rule, &s->rule->place, place))
            measure_item(s, !rises ? 0 : blocks ? 1 : (double)r->sums.of[MEMORY_LIVE].bytes, place);
    }
    if (l.n && l.check_n < 2)
        s->m->doubt = "there were too few collections to see what rises";
    leaks_release(&l);
}

void measure_leaks_bytes(struct measure_sink *s)
{
    leaks(s, 0);
}

void measure_leaks_lines(struct measure_sink *s)
{
    leaks(s, 1);
}

/* Nothing where the collector's own steps could not be seen: what is known would be too low. */
static int gc_known(struct measure_sink *s, struct gc_totals *g)
{
    gc_totals(g, s->digest->process);
    return g->state_n && g->how & GC_HOW_STEPS;
}

void measure_gc_time(struct measure_sink *s)
{
    struct gc_totals g;
    if (gc_known(s, &g))
        measure_item(s, (double)gc_total_ns(&g), "");
}

void measure_gc_share(struct measure_sink *s)
{
    struct gc_totals g;
    double cpu_ns = (double)process_cpu_ns(s->digest->process);
    if (gc_known(s, &g) && cpu_ns > 0)
        measure_item(s, 100 * (double)gc_total_ns(&g) / cpu_ns, "");
}

void measure_gc_pause(struct measure_sink *s)
{
    struct gc_totals g;
    if (gc_known(s, &g))
        measure_item(s, (double)g.pause_max_ns, "");
}

void measure_gc_cycles(struct measure_sink *s)
{
    struct gc_totals g;
    if (gc_known(s, &g))
        measure_item(s, (double)(g.cycle_n + g.minor_n), "");
}
