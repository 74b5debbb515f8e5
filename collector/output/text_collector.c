/* text_collector: what Lua's garbage collector cost: runs, time, cycles, pauses, what it freed. */
#include <stdio.h>

#include "collector/analyse/memory_gc.h"
#include "collector/analyse/memory_rows.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

enum { CYCLES_SHOWN = 8, LINES_SHOWN = 8 };

static void time_print(struct digest *d, const struct gc_totals *g, const struct canvas *c)
{
    char text[400], time[HUMAN_MAX], share[HUMAN_MAX], n[HUMAN_MAX], full[HUMAN_MAX];
    uint64_t cpu = process_cpu_ns(d->process);
    int steps = (g->how & GC_HOW_STEPS) != 0;
    if (!gc_timed(g)) {
        page_field(c, TONE_WARNING, "time",
                   "not known: the steps that Lua makes by itself could not be seen, and no full "
                   "collection was asked for");
        return;
    }
    snprintf(text, sizeof text, "%s%s%s%s%s", human_ns(time, (double)gc_total_ns(g)),
             cpu ? ", " : "", cpu ? human_share(share, (double)gc_total_ns(g), (double)cpu) : "",
             cpu ? " of the CPU time" : "",
             steps ? ""
                   : ", of what was asked for by lua_gc only: the steps that Lua makes by itself "
                     "could not be seen");
    page_field(c, steps ? TONE_PLAIN : TONE_WARNING, "time", text);
    snprintf(text, sizeof text, "%s steps by itself, %s full collections asked for (%s)",
             steps ? human_count(n, g->step_n) : "an unknown number of",
             g->how & GC_HOW_CALLS ? human_count(full, g->full_n) : "an unknown number of",
             human_ns(time, (double)g->full_ns));
    page_field(c, TONE_PLAIN, "runs", text);
}

static void finalizers_print(const struct gc_totals *g, const struct canvas *c)
{
    char text[300], n[HUMAN_MAX], time[HUMAN_MAX], closing[HUMAN_MAX], closing_time[HUMAN_MAX];
    if (!(g->how & GC_HOW_FINALIZERS)) {
        if (gc_timed(g))
            page_field(c, TONE_PLAIN, "finalizers",
                       "their number and time are not known; their time is in that above");
        return;
    }
    snprintf(text, sizeof text,
             "%s called, which took %s of that time; %s more when states were closed (%s)",
             human_count(n, g->finalize_n), human_ns(time, (double)g->finalize_ns),
             human_count(closing, g->close_finalize_n),
             human_ns(closing_time, (double)g->close_finalize_ns));
    page_field(c, TONE_PLAIN, "finalizers", text);
}

static void cycles_print(const struct gc_totals *g, const struct canvas *c)
{
    char text[300], n[HUMAN_NOUN_MAX], minor[HUMAN_NOUN_MAX], bytes[HUMAN_MAX];
    if (g->how & (GC_HOW_STATE | GC_HOW_STEPS)) {
        snprintf(text, sizeof text, "%s whole%s%s%s", human_count(n, g->cycle_n),
                 g->minor_n || g->generational_n ? ", " : "",
                 g->minor_n || g->generational_n
                     ? human_nouns(minor, g->minor_n, "young collection", "young collections")
                     : "",
                 g->how & GC_HOW_STEPS ? "" : " (by looking now and then: some may be missed)");
        page_field(c, TONE_PLAIN, "cycles", text);
    }
    if (!gc_timed(g))
        return;
    snprintf(text, sizeof text, "%s, %s%s", human_nouns(n, g->free_n, "block", "blocks"),
             human_bytes(bytes, (double)g->free_bytes),
             g->how & GC_HOW_STEPS ? "" : ", in collections that were asked for");
    page_field(c, TONE_PLAIN, "freed", text);
}

static void pauses_print(const struct gc_totals *g, const struct canvas *c)
{
    char text[300], half[HUMAN_MAX], most[HUMAN_MAX], nearly[HUMAN_MAX], max[HUMAN_MAX];
    if (!gc_timed(g) || !gc_pause_ns(g, 0.5))
        return;
    snprintf(
        text, sizeof text, "half of them below %s, 90%% below %s, 99%% below %s, the longest %s",
        human_ns(half, (double)gc_pause_ns(g, 0.5)), human_ns(most, (double)gc_pause_ns(g, 0.9)),
        human_ns(nearly, (double)gc_pause_ns(g, 0.99)), human_ns(max, (double)g->pause_max_ns));
    page_field(c, TONE_PLAIN, "pauses", text);
}

static void cycle_row(struct table *t, struct process *p, const struct rec_gc_cycle *r)
{
    table_row(t, TABLE_NO_PARENT);
    cell_ns(t, 0, (double)process_since_start(p, r->begin_ns));
    table_cell(t, 1, gc_kind_name((unsigned)r->kind));
    cell_count(t, 2, r->state);
    cell_ns(t, 3, (double)(r->end_ns > r->begin_ns ? r->end_ns - r->begin_ns : 0));
    cell_ns(t, 4, (double)r->step_ns);
    cell_count(t, 5, r->step_n);
    cell_ns(t, 6, (double)r->step_max_ns);
    cell_bytes(t, 7, (double)r->begin_bytes);
    cell_bytes(t, 8, (double)r->end_bytes);
    cell_bytes(t, 9, (double)r->free_bytes);
}

/* Young collections are many and alike: cycles first. */
static void cycle_table(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    static const char *const title[] = {"begun after", "kind",    "state", "took", "collecting",
                                        "steps",       "longest", "from",  "to",   "freed"};
    const struct rowset *cycles = &d->process->heap.cycles;
    size_t shown = 0, top = o->top == SIZE_MAX ? o->top : CYCLES_SHOWN;
    struct table *t = table_new();
    for (size_t i = 0; i < sizeof title / sizeof *title; i++)
        table_column(t, title[i], i == 1 ? 0 : COLUMN_RIGHT);
    for (size_t i = 0; i < cycles->n && shown < top; i++, shown++)
        cycle_row(t, d->process, rowset_at(cycles, i));
    table_print(t, c);
    page_more(c, cycles->n - shown, "cycles");
    table_free(t);
}

/* Whose garbage it was. */
static void charge_table(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct memory_rows rows;
    char share[HUMAN_MAX];
    memory_rows_build(&rows, d->process, d->symbols, MEMORY_BY_LINE, MEMORY_HEAP_LUA);
    memory_rows_sort_charged(&rows);
    size_t n = 0, shown, top = o->top == SIZE_MAX ? o->top : LINES_SHOWN;
    while (n < rows.n && rows.row[n].sums.gc_ns)
        n++;
    struct table *t = table_new();
    table_column(t, "charged", COLUMN_RIGHT);
    table_column(t, "share", COLUMN_RIGHT);
    table_column(t, "freed by it", COLUMN_RIGHT);
    table_column(t, "line that made what was freed", COLUMN_CUT_START);
    for (shown = 0; shown < n && shown < top; shown++) {
        const struct memory_row *r = &rows.row[shown];
        table_row(t, TABLE_NO_PARENT);
        cell_ns(t, 0, (double)r->sums.gc_ns);
        table_cell(t, 1, human_share(share, (double)r->sums.gc_ns, (double)rows.whole.gc_ns));
        cell_bytes(t, 2, (double)r->sums.of[MEMORY_COLLECTED].bytes);
        table_cell(t, 3, r->label);
    }
    if (n) {
        page_heading(c, "Garbage collector by line",
                     "its time, charged to what it freed, in proportion to the bytes");
        table_print(t, c);
        page_more(c, n - shown, "lines");
    }
    table_free(t);
    memory_rows_release(&rows);
}

void text_collector(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct gc_totals g;
    gc_totals(&g, d->process);
    if (!g.state_n)
        return;
    page_heading(c, "Garbage collector", g.generational_n ? "generational mode" : "");
    time_print(d, &g, c);
    finalizers_print(&g, c);
    cycles_print(&g, c);
    pauses_print(&g, c);
    if (d->process->heap.cycles.n)
        cycle_table(d, o, c);
    if (g.how & GC_HOW_STEPS)
        charge_table(d, o, c);
}
