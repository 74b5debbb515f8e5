/* text_leaks: `modprof report --leaks`: what holds ever more memory, and what is held besides. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/analyse/memory_leaks.h"
#include "collector/analyse/stack_merge.h"
#include "collector/output/memory_words.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/output/text_series.h"
#include "collector/util/human.h"
#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

enum { WIDE_FROM = 110, STACK_SHOWN = 6, STACKS_SHOWN = 5 };

static void columns(struct table *t, int wide)
{
    table_column(t, "held", COLUMN_RIGHT);
    table_column(t, "+-", COLUMN_RIGHT);
    table_column(t, "blocks", COLUMN_RIGHT);
    table_column(t, "of made", COLUMN_RIGHT);
    table_column(t, "heap", 0);
    table_column(t, "course", 0);
    table_column(t, "line", COLUMN_CUT_START);
    if (wide) {
        table_column(t, "function", COLUMN_CUT_END);
        table_column(t, "kinds, library", COLUMN_CUT_END);
    }
}

/* What was held at the checks, oldest first, and at the end. */
static void course_cell(struct table *t, const struct leaks *l, const struct leak *k)
{
    double value[MEMORY_CHECKS + 1];
    size_t n = 0;
    for (unsigned i = l->check_n; i-- > 0;)
        value[n++] = (double)k->row.sums.check[i].bytes;
    value[n++] = (double)k->row.sums.of[MEMORY_LIVE].bytes;
    char *bars = series_bars(value, n);
    table_cell(t, 5, bars);
    free(bars);
}

static void leak_row(struct table *t, const struct leaks *l, const struct leak *k, int wide)
{
    const struct memory_amount *of = k->row.sums.of;
    char share[HUMAN_MAX], kinds[MEMORY_KINDS_MAX];
    table_row(t, TABLE_NO_PARENT);
    cell_bytes(t, 0, (double)of[MEMORY_LIVE].bytes);
    cell_bytes(t, 1, memory_live_error(&k->row.sums));
    cell_count(t, 2, of[MEMORY_LIVE].n);
    table_cell(t, 3,
               human_share(share, (double)of[MEMORY_LIVE].bytes, (double)of[MEMORY_MADE].bytes));
    table_cell(t, 4, alloc_heap_name(k->heap));
    course_cell(t, l, k);
    memory_place_cell(t, 6, &k->row);
    if (!wide)
        return;
    table_cell(t, 7, memory_function_text(&k->row));
    table_cell(t, 8,
               k->heap == HEAP_LUA ? memory_kinds_text(kinds, k->row.sums.kinds) : k->library);
}

static int is_shown(const struct leak *k, enum leak_verdict v, const struct report_options *o)
{
    return k->verdict == v && !k->suppressed &&
           (pattern_match(o->filter, k->row.label) || pattern_match(o->filter, k->row.file));
}

static size_t group_print(const struct leaks *l, enum leak_verdict v,
                          const struct report_options *o, const struct canvas *c, size_t top)
{
    int wide = c->width >= WIDE_FROM;
    struct table *t = table_new();
    size_t n = 0;
    columns(t, wide);
    for (size_t i = 0; i < l->n; i++)
        if (is_shown(&l->at[i], v, o) && n++ < top)
            leak_row(t, l, &l->at[i], wide);
    table_print(t, c);
    page_more(c, n > top ? n - top : 0, "lines");
    table_free(t);
    return n;
}

/* Recursion takes one line. */
static void callers_print(const struct frames *f, const struct merged *stack,
                          const struct canvas *c)
{
    size_t i = 0, n;
    for (unsigned shown = 0; shown < STACK_SHOWN && i < stack->n; shown++, i += n) {
        for (n = 1; i + n < stack->n && stack->frame[i + n] == stack->frame[i]; n++)
            ;
        fprintf(c->out, "    %s", f->at[stack->frame[i]].label);
        if (n > 1)
            fprintf(c->out, "  (%zu calls)", n);
        fputc('\n', c->out);
    }
    if (i < stack->n)
        fprintf(c->out, "    ... %zu callers more\n", stack->n - i);
}

/* The stack that made most of it, innermost first. */
static void stack_print(struct frames *f, struct merger *m, const struct leak *k,
                        const struct canvas *c)
{
    const struct alloc_site *site = rowset_at(&f->process->heap.sites, k->row.site);
    struct sample_total at = {.native = site->about.native, .lua = site->about.lua};
    const struct merged *stack = merger_stack(m, &at);
    char bytes[HUMAN_MAX];
    fprintf(c->out, "\n  %s from %s, mostly through\n",
            human_bytes(bytes, (double)k->row.sums.of[MEMORY_LIVE].bytes), k->row.label);
    callers_print(f, stack, c);
}

static void stacks_print(struct digest *d, const struct leaks *l, const struct report_options *o,
                         const struct canvas *c)
{
    struct frames f;
    size_t n = 0;
    frames_init(&f, d->process, d->symbols, BY_LINE);
    struct merger *m = merger_new(&f);
    for (size_t i = 0; i < l->n && n < STACKS_SHOWN; i++)
        if (is_shown(&l->at[i], LEAK_RISES, o)) {
            stack_print(&f, m, &l->at[i], c);
            n++;
        }
    merger_free(m);
    frames_release(&f);
}

/* Where it was sampled, less than some samples of it is not seen. */
static const char *none_text(const struct leaks *l, struct process *p)
{
    char least[HUMAN_MAX];
    if (l->check_n < 2)
        return "not known: there were too few collections to see what rises";
    if (l->verdict_n[LEAK_UNSURE] || l->verdict_n[LEAK_STOPPED])
        return "none for certain";
    if (!leaks_least_bytes(p))
        return "none: nothing holds ever more";
    return pool_format(&p->pool, "none seen; a leak%s of less than %s would not be",
                       memory_mode(p, HEAP_LUA) == ALLOC_SAMPLED ? "" : " of C memory",
                       human_bytes(least, (double)leaks_least_bytes(p)));
}

static void accused_print(struct digest *d, const struct leaks *l, const struct report_options *o,
                          const struct canvas *c)
{
    char text[300], bytes[HUMAN_MAX];
    if (!l->verdict_n[LEAK_RISES]) {
        page_heading(c, "Leaks", none_text(l, d->process));
        return;
    }
    snprintf(text, sizeof text,
             "%zu %s ever more, %s at the end; course: held after collections, each after twice as "
             "much allocation as the one before, and at the end",
             l->verdict_n[LEAK_RISES], l->verdict_n[LEAK_RISES] == 1 ? "line holds" : "lines hold",
             human_bytes(bytes, (double)l->verdict_bytes[LEAK_RISES]));
    page_heading(c, "Leaks", text);
    group_print(l, LEAK_RISES, o, c, o->top);
    stacks_print(d, l, o, c);
}

static void unsure_print(const struct leaks *l, const char *more, const struct report_options *o,
                         const struct canvas *c, size_t top)
{
    char *text = xformat("nothing of it was freed, but there were too few collections%s to see it "
                         "rise for certain%s%s",
                         *more ? ", or samples," : "", *more ? "; " : "", more);
    page_heading(c, "Perhaps", text);
    group_print(l, LEAK_UNSURE, o, c, top);
    free(text);
}

static void kept_print(const struct leaks *l, const char *more, const struct report_options *o,
                       const struct canvas *c, size_t top)
{
    page_heading(c, "Held besides", "at the end, or when lua_close began; not seen to rise");
    group_print(l, LEAK_KEPT, o, c, top);
    if (!l->few_n)
        return;
    char *text = l->few_n == l->verdict_n[LEAK_KEPT]
                     ? xformat("They have fewer than nine samples each, too few to see whether "
                               "they rise; %s.",
                               more)
                     : xformat("%zu of these %zu lines have fewer than nine samples each, too few "
                               "to see whether they rise; %s.",
                               l->few_n, l->verdict_n[LEAK_KEPT], more);
    page_note(c, TONE_PLAIN, text);
    free(text);
}

/* MORE: how to record more; "" where all was. */
static void rest_print(const struct leaks *l, const char *more, const struct report_options *o,
                       const struct canvas *c)
{
    size_t half = o->top == SIZE_MAX ? o->top : (o->top + 1) / 2;
    if (l->verdict_n[LEAK_STOPPED]) {
        page_heading(c, "Grew, then stopped",
                     "held more and more, but next to nothing more in the last part of the run");
        group_print(l, LEAK_STOPPED, o, c, half);
    }
    if (l->verdict_n[LEAK_UNSURE])
        unsure_print(l, more, o, c, half);
    if (l->verdict_n[LEAK_KEPT])
        kept_print(l, more, o, c, half);
    if (l->suppressed_n)
        fprintf(c->out, "\n%zu %s suppressed by .modprof\n", l->suppressed_n,
                l->suppressed_n == 1 ? "line is" : "lines are");
}

/* Lua memory that was not given back even by lua_close. */
static void left_print(struct digest *d, const struct canvas *c)
{
    char text[200], bytes[HUMAN_MAX];
    uint64_t left = 0;
    for (size_t i = 0; i < d->process->states.n; i++) {
        const struct rec_state *s = rowset_at(&d->process->states, i);
        left += s->closed_ns ? s->live_bytes : 0;
    }
    if (!left)
        return;
    snprintf(text, sizeof text, "%s of Lua memory was not given back by lua_close",
             human_bytes(bytes, (double)left));
    page_note(c, TONE_WARNING, text);
}

void text_leaks(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct leaks l;
    if (!d->process->heap.sites.n) {
        page_heading(c, "Leaks", memory_why_none(d->process));
        return;
    }
    leaks_build(&l, d->process, d->symbols, o->leak_filter);
    accused_print(d, &l, o, c);
    rest_print(&l, memory_more(d->process), o, c);
    left_print(d, c);
    dropped_note(&d->lua, c);
    leaks_release(&l);
}
