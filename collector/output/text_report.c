/* text_report: see text_report.h. */
#include "collector/output/text_report.h"

#include <math.h>
#include <inttypes.h>
#include <string.h>

#include "collector/output/text_annotate.h"
#include "collector/output/text_page.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

char *c_peak_text(char *out, const struct digest *d)
{
    const struct rec_c_heap *h = &d->process->c_heap;
    uint64_t live = h->live_bytes > 0 ? (uint64_t)h->live_bytes : 0;
    if (!h->peak_bytes && !live && d->c.alloc_n) {
        strcpy(out, "under 64 KiB"); /* threads publish in steps of that */
        return out;
    }
    return human_bytes(out, (double)(h->peak_bytes > live ? h->peak_bytes : live));
}

char *c_end_text(const struct digest *d)
{
    char bytes[HUMAN_MAX];
    int64_t live = d->process->c_heap.live_bytes;
    if (live < 0)
        return xformat("%s less at the end than when counting began",
                       human_bytes(bytes, -(double)live));
    return xformat("%s at the end", human_bytes(bytes, (double)live));
}

void dropped_note(const struct lua_totals *l, const struct canvas *c)
{
    char text[200], bytes[HUMAN_MAX];
    if (!l->dropped_n)
        return;
    snprintf(text, sizeof text,
             "%" PRIu64 " %s dropped without lua_close: the host took %s back by itself",
             l->dropped_n, l->dropped_n == 1 ? "state was" : "states were",
             human_bytes(bytes, (double)l->dropped_bytes));
    page_note(c, TONE_PLAIN, text);
}

void cell_ms(struct table *t, unsigned column, uint64_t ns)
{
    if (ns)
        table_cellf(t, column, "%.2f", (double)ns / 1e6);
}

void cell_kib(struct table *t, unsigned column, int64_t bytes)
{
    const double least_kib = 0.05; /* what is less is 0.0, whichever side of zero it is on */
    double kib = (double)bytes / 1024;
    if (bytes)
        table_cellf(t, column, "%.1f", fabs(kib) < least_kib ? 0 : kib);
}

void cell_count(struct table *t, unsigned column, uint64_t n)
{
    char text[HUMAN_MAX];
    if (n)
        table_cell(t, column, human_count(text, n));
}

void cell_ns(struct table *t, unsigned column, double ns)
{
    char text[HUMAN_MAX];
    table_cell(t, column, human_ns(text, ns));
}

void cell_bytes(struct table *t, unsigned column, double bytes)
{
    char text[HUMAN_MAX];
    if (bytes != 0)
        table_cell(t, column, human_bytes(text, bytes));
}

void text_process(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    int has_lua = digest_has_lua(d);
    if (o->annotate) {
        text_annotate(d, o->annotate, c);
        return;
    }
    text_overview(d, o, c);
    if (o->sections & SECTION_LEAKS)
        text_leaks(d, o, c);
    if (o->sections & SECTION_GROWTH)
        text_growth(d, o, c);
    if ((o->sections & SECTION_MODULES) && has_lua) {
        text_modules(d, o, c);
        text_chunks(d, o, c);
    }
    if (o->sections & SECTION_SIZES)
        text_sizes(d, o, c);
    if (o->sections & SECTION_CPU)
        text_cpu(d, o, c);
    if (o->sections & SECTION_ALLOCATIONS)
        text_allocations(d, o, c);
    if (o->sections & SECTION_MEMORY) {
        text_memory(d, o, c);
        text_collector(d, o, c);
        text_series(d, c);
        text_marks(d, c);
    }
    if ((o->sections & SECTION_CROSSINGS) && has_lua)
        text_crossings(d, o, c);
}

void text_processes(struct digest *const *d, size_t n, const struct canvas *c)
{
    struct table *t = table_new();
    unsigned pid = table_column(t, "pid", COLUMN_RIGHT), ran = table_column(t, "ran", COLUMN_RIGHT);
    unsigned modules = table_column(t, "modules", COLUMN_RIGHT);
    unsigned load = table_column(t, "loading", COLUMN_RIGHT);
    unsigned lua = table_column(t, "Lua peak", COLUMN_RIGHT);
    unsigned calls = table_column(t, "crossings", COLUMN_RIGHT);
    unsigned trust = table_column(t, "trust", 0);
    unsigned ending = table_column(t, "ending", 0);
    unsigned command = table_column(t, "command", COLUMN_CUT_END);
    for (size_t i = 0; i < n; i++) {
        const struct module_totals *m = &d[i]->modules;
        table_row(t, TABLE_NO_PARENT);
        table_cellf(t, pid, "%u", d[i]->process->pid);
        table_cell(t, ran, digest_ran(d[i]));
        cell_count(t, modules, m->lua_n + m->c_n + m->builtin_n + m->other_n);
        cell_ns(t, load, (double)m->total_ns);
        cell_bytes(t, lua, (double)d[i]->lua.peak_bytes);
        cell_count(t, calls, d[i]->crossings.down_n);
        table_cell(t, trust, d[i]->incomplete.n ? "INCOMPLETE" : d[i]->uncovered.n ? "partly" : "");
        table_cell(t, ending, digest_ending(d[i]));
        table_cell(t, command, digest_command(d[i]));
    }
    table_print(t, c);
    table_free(t);
}
