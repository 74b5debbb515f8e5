/* text_overview: what ran, whether the figures can be trusted, and the main ones. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/cells.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

enum { COMMAND_LINES = 3 }; /* arguments can be long: JSON has all that is known */

/* Sentences under one label. */
static void list(const struct canvas *c, enum page_tone tone, const char *label,
                 const struct sentences *s)
{
    for (size_t i = 0; i < s->n; i++)
        page_field(c, tone, i ? "" : label, s->at[i]);
}

static void field_free(const struct canvas *c, const char *label, char *text)
{
    page_field(c, TONE_PLAIN, label, text);
    free(text);
}

/* Times on the clock hold what the process waited for a processor: said where it is a part of them that matters. */
static void queued(double queued_ns, double ran_ns, const struct canvas *c)
{
    const double part = 0.02, least_ns = 1e6;
    char text[HUMAN_MAX];
    if (queued_ns > part * ran_ns && queued_ns > least_ns)
        field_free(c, "waited",
                   xformat("%s for a processor, on a busy machine: times on the clock hold that",
                           human_ns(text, queued_ns)));
}

static void head(const struct digest *d, const struct canvas *c)
{
    struct process *p = d->process;
    char date[HUMAN_MAX];
    char *title = xformat("process %u", p->pid);
    char *command = cells_cut(digest_command(d), COMMAND_LINES * (size_t)c->width, 0);
    page_heading(c, title, command);
    free(command);
    free(title);
    for (size_t i = 0; i < d->incomplete.n; i++)
        page_field(c, TONE_ERROR, i ? "" : "INCOMPLETE:", d->incomplete.at[i]);
    if (d->model->quality.recovered)
        page_field(
            c, TONE_PLAIN, "recovered",
            "the end of this trace was taken from the shared memory the process left behind");
    list(c, TONE_PLAIN, "covered", &d->covered);
    list(c, TONE_WARNING, "NOT covered", &d->uncovered);
    list(c, TONE_WARNING, "lost", &d->losses);
    if (!d->losses.n)
        page_field(c, TONE_PLAIN, "lost", "nothing");
    double ran_ns = (double)process_since_start(p, process_end_ns(p));
    field_free(
        c, "ran",
        xformat("%s, %s, %s", human_date(date, p->start_real_ns), digest_ran(d), digest_ending(d)));
    queued(process_queued_ns(p), ran_ns, c);
    if (p->about.forked_from)
        field_free(c, "forked", xformat("from process %" PRIu64, p->about.forked_from));
}

/* "first state after 1.2 ms, libraries open after 1.3 ms, first line of x.lua after 2 ms". */
static void cold_start(const struct digest *d, const struct canvas *c)
{
    static const char *const step[] = {[MILESTONE_STATE] = "first state",
                                       [MILESTONE_OPENLIBS] = "libraries open",
                                       [MILESTONE_MAIN] = "first line"};
    struct process *p = d->process;
    char *text = xstrdup(""), when[HUMAN_MAX];
    for (int i = MILESTONE_STATE; i <= MILESTONE_MAIN; i++) {
        const struct rec_milestone *m = &p->milestones[i];
        if (!m->at_ns)
            continue;
        const char *name = process_display(p, m->name);
        name += *name == '@' || *name == '=';
        char *longer =
            xformat("%s%s%s%s%s after %s", text, *text ? ", " : "", step[i], *name ? " of " : "",
                    name, human_ns(when, (double)process_since_start(p, m->at_ns)));
        free(text);
        text = longer;
    }
    if (*text && p->about.start_estimated)
        field_free(c, "cold start",
                   xformat("%s (at least: when the process started is estimated "
                           "from its CPU time)",
                           text));
    else if (*text)
        page_field(c, TONE_PLAIN, "cold start", text);
    free(text);
}

static void modules(const struct digest *d, const struct canvas *c)
{
    const struct module_totals *m = &d->modules;
    char ns[HUMAN_MAX], hits[HUMAN_NOUN_MAX], lua[HUMAN_NOUN_MAX], libraries[HUMAN_NOUN_MAX];
    size_t n = m->lua_n + m->c_n + m->builtin_n + m->other_n;
    char *failed = m->failed_n ? xformat(", %zu failed", m->failed_n) : xstrdup("");
    char *circular = m->circular_n ? xformat(", %zu circular", m->circular_n) : xstrdup("");
    char *open = m->open_n ? xformat(", %zu unfinished", m->open_n) : xstrdup("");
    field_free(c, "modules",
               xformat("%zu loaded in %s (%s, %s, %zu built in, %zu other)%s%s%s; %s require "
                       "found its module loaded",
                       n, human_ns(ns, (double)m->total_ns),
                       human_nouns(lua, m->lua_n, "Lua file", "Lua files"),
                       human_nouns(libraries, m->c_n, "C library", "C libraries"), m->builtin_n,
                       m->other_n, failed, circular, open,
                       human_nouns(hits, m->hit_n, "time", "times")));
    free(failed);
    free(circular);
    free(open);
}

/* When what is live was: states that ended did so at different times. */
static const char *lua_end(const struct lua_totals *l)
{
    if (l->state_n > 1)
        return "their ends, added up";
    return l->open_n ? "the end" : l->dropped_n ? "its end" : "lua_close";
}

static void lua_memory(const struct digest *d, const struct canvas *c)
{
    const struct lua_totals *l = &d->lua;
    char peak[HUMAN_MAX], blocks[HUMAN_NOUN_MAX], bytes[HUMAN_MAX], live[HUMAN_MAX],
        grown[HUMAN_MAX];
    if (!l->state_n) {
        page_field(c, TONE_PLAIN, "Lua memory", "no state was made");
        return;
    }
    char *states =
        l->state_n == 1 ? xstrdup("") : xformat(" (the largest of %zu states)", l->state_n);
    field_free(c, "Lua memory",
               xformat("peak %s%s; %s at %s; %s of %s in all%s%s",
                       human_bytes(peak, (double)l->peak_bytes), states,
                       human_bytes(live, (double)l->live_bytes), lua_end(l),
                       human_nouns(blocks, l->alloc_n, "block", "blocks"),
                       human_bytes(bytes, (double)l->alloc_bytes),
                       l->grow_bytes ? ", which grew by " : "",
                       l->grow_bytes ? human_bytes(grown, (double)l->grow_bytes) : ""));
    free(states);
}

static void c_memory(const struct digest *d, const struct canvas *c)
{
    char peak[HUMAN_MAX], blocks[HUMAN_NOUN_MAX], bytes[HUMAN_MAX];
    const struct rec_c_heap *h = &d->process->c_heap;
    if (!d->c.alloc_n && !h->peak_bytes)
        return;
    char *end = c_end_text(d);
    field_free(c, "C memory",
               xformat("peak %s; %s; %s of %s in all (besides Lua's)", c_peak_text(peak, d), end,
                       human_nouns(blocks, d->c.alloc_n, "block", "blocks"),
                       human_bytes(bytes, (double)d->c.alloc_bytes)));
    free(end);
}

static void crossings(const struct digest *d, const struct canvas *c)
{
    const struct rec_up_calls *u = &d->process->up_calls;
    char down[HUMAN_NOUN_MAX], functions[HUMAN_NOUN_MAX], up[HUMAN_MAX];
    field_free(c, "crossings",
               xformat("%s from Lua into %s, %s from C into Lua",
                       human_nouns(down, d->crossings.down_n, "call", "calls"),
                       human_nouns(functions, d->crossings.n, "C function", "C functions"),
                       human_count(up, u->callk_n + u->pcallk_n + u->resume_n)));
}

static void cost(const struct digest *d, const struct canvas *c)
{
    const struct process *p = d->process;
    char attach[HUMAN_MAX], drain[HUMAN_MAX], written[HUMAN_MAX], rss[HUMAN_MAX];
    const struct rec_self_cost *s = &p->self_cost;
    if (!s->drain_n && !s->attach_ns)
        return;
    char *peak = process_usage_told(p)
                     ? xformat("; the process's resident peak was %s",
                               human_bytes(rss, (double)p->end.max_rss_kib * 1024))
                     : xstrdup("");
    char *writes = s->drain_n ? xformat(", %s in %" PRIu64 " writes of %s",
                                        human_ns(drain, (double)s->drain_ns), s->drain_n,
                                        human_bytes(written, (double)s->written_bytes))
                              : xstrdup("");
    field_free(c, "profiler",
               xformat("%s to attach%s%s", human_ns(attach, (double)s->attach_ns), writes, peak));
    free(writes);
    free(peak);
}

/* In place of zeros that nobody counted. */
static void no_lua(const struct digest *d, const struct canvas *c)
{
    page_field(c, TONE_PLAIN, "Lua",
               d->incomplete.n  ? "what Lua did is not in what is left of this trace"
               : d->uncovered.n ? "what it did was not recorded, since it is not covered"
                                : "nothing was recorded: no state was made");
}

void text_overview(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    head(d, c);
    if (!(o->sections & SECTION_OVERVIEW))
        return;
    cold_start(d, c);
    if (digest_has_lua(d)) {
        modules(d, c);
        lua_memory(d, c);
    } else {
        no_lua(d, c);
    }
    c_memory(d, c);
    if (digest_has_lua(d))
        crossings(d, c);
    cost(d, c);
}
