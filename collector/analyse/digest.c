/* digest: see digest.h. */
#include "collector/analyse/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/human.h"
#include "collector/util/xalloc.h"

void digest_build(struct digest *d, struct model *m, struct process *p, struct symbols *symbols)
{
    memset(d, 0, sizeof *d);
    d->model = m;
    d->process = p;
    d->symbols = symbols;
    span_tree_build(&d->spans, p);
    module_totals(&d->modules, p, &d->spans);
    lua_totals(&d->lua, p);
    c_totals(&d->c, p);
    crossing_rows_build(&d->crossings, p, symbols);
    trust_incomplete(&d->incomplete, m, p);
    trust_covered(&d->covered, p);
    trust_uncovered(&d->uncovered, p);
    trust_losses(&d->losses, p);
}

void digest_release(struct digest *d)
{
    span_tree_release(&d->spans);
    crossing_rows_release(&d->crossings);
    sentences_release(&d->incomplete);
    sentences_release(&d->covered);
    sentences_release(&d->uncovered);
    sentences_release(&d->losses);
    if (d->sizes)
        module_sizes_release(d->sizes);
    free(d->sizes);
    memset(d, 0, sizeof *d);
}

const struct module_sizes *digest_sizes(struct digest *d)
{
    if (!d->sizes) {
        d->sizes = xcalloc(1, sizeof *d->sizes);
        module_sizes_build(d->sizes, d->process, &d->spans);
    }
    return d->sizes;
}

/* A state that was made is never empty: a peak of 0 is all that the begin of a trace knows. */
int digest_has_lua(const struct digest *d)
{
    return d->lua.peak_bytes || d->spans.n || d->crossings.down_n;
}

const char *digest_command(const struct digest *d)
{
    struct process *p = d->process;
    struct rec_bytes b = p->about.argv;
    if (!p->about_seen)
        return "<lost>";
    if (!b.n)
        return process_bytes_display(p, p->about.exe);
    if (b.at[b.n - 1] == 0)
        b.n--;
    char *joined = pool_copy(&p->pool, b.at, b.n);
    for (size_t i = 0; i < b.n; i++)
        if (!joined[i])
            joined[i] = ' ';
    return process_bytes_display(p, (struct rec_bytes){(const uint8_t *)joined, b.n});
}

const char *digest_ran(const struct digest *d)
{
    struct process *p = d->process;
    char ran[HUMAN_MAX];
    return pool_format(&p->pool, "%s%s", process_end_unseen(p) ? "at least " : "",
                       human_ns(ran, (double)process_since_start(p, process_end_ns(p))));
}

const char *digest_ending(const struct digest *d)
{
    struct process *p = d->process;
    uint64_t status = p->end.status;
    if (!p->end_seen)
        return p->running ? "still running" : "unknown";
    switch (p->end.reason) {
    case END_EXEC:
        return "replaced by exec";
    case END_KILLED:
        if (status > 128 && status < 256)
            return pool_format(&p->pool, "killed by signal %" PRIu64, status - 128);
        return "killed";
    default:
        if (status > 255)
            return p->end.reason == END_QUICK_EXIT ? "quick exit" : "exit";
        return pool_format(&p->pool, "%s status %" PRIu64,
                           p->end.reason == END_QUICK_EXIT ? "quick exit," : "exit", status);
    }
}
