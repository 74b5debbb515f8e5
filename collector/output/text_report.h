/* text_report: a report for people. */
#ifndef COLLECTOR_OUTPUT_TEXT_REPORT_H
#define COLLECTOR_OUTPUT_TEXT_REPORT_H

#include "collector/analyse/digest.h"
#include "collector/output/report_options.h"
#include "collector/output/table.h"

/* Everything about one process, by sections. */
void text_process(struct digest *d, const struct report_options *o, const struct canvas *c);

/* One row for each process: what to look at when there are many. */
void text_processes(struct digest *const *d, size_t n, const struct canvas *c);

/* The sections, each in a file of its own (text_overview.c and so on). */
void text_overview(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_modules(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_failures(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_searches(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_chunks(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_sizes(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_cpu(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_allocations(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_memory(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_collector(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_series(struct digest *d, const struct canvas *c);
void text_leaks(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_growth(struct digest *d, const struct report_options *o, const struct canvas *c);
void text_marks(struct digest *d, const struct canvas *c);
void text_crossings(struct digest *d, const struct report_options *o, const struct canvas *c);

/* Where Lua code asked for a span: "file.lua:12", "" where C did.  Released with free(). */
char *span_caller_text(struct process *p, const struct span *s);

/* Peak of the C heap: "12.3 MiB", or "under 64 KiB" where the shim did not see it exactly.  OUT holds
 * HUMAN_MAX bytes. */
char *c_peak_text(char *out, const struct digest *d);

/* What lives on the C heap at the end, as "3.2 KiB at the end"; where more was freed than allocated since
 * counting began, which a program that set up a lot before it used Lua can do, the words say so.  The
 * caller frees it. */
char *c_end_text(const struct digest *d);

/* Says how many states were dropped, if any were. */
void dropped_note(const struct lua_totals *l, const struct canvas *c);

/* Cells that several sections share: milliseconds and KiB with fixed decimals, "" for nothing. */
void cell_ms(struct table *t, unsigned column, uint64_t ns);
void cell_kib(struct table *t, unsigned column, int64_t bytes);
void cell_count(struct table *t, unsigned column, uint64_t n);
void cell_ns(struct table *t, unsigned column, double ns);
void cell_bytes(struct table *t, unsigned column, double bytes);

#endif
