/* summary: see summary.h. */
#include "collector/cli/summary.h"

#include <stdlib.h>

#include "collector/analyse/digest.h"
#include "collector/ingest/ingest.h"
#include "collector/output/cells.h"
#include "collector/util/human.h"

enum { PROCESSES_SHOWN = 2, COMMAND_WIDTH = 60 };

static void first_print(const char *what, const struct sentences *all, FILE *out)
{
    if (all->n)
        fprintf(out, "  %s: %s\n", what, all->at[0]);
    if (all->n > 1)
        fprintf(out, "    and %zu more: see the report\n", all->n - 1);
}

static void process_print(const struct digest *d, FILE *out)
{
    const struct process *p = d->process;
    const struct module_totals *m = &d->modules;
    char load[HUMAN_MAX], peak[HUMAN_MAX], down[HUMAN_MAX];
    char *command = cells_cut(digest_command(d), COMMAND_WIDTH, 0);
    fprintf(out, "process %u: %s: %s, %s\n", p->pid, command, digest_ran(d), digest_ending(d));
    if (digest_has_lua(d))
        fprintf(out, "  %zu modules in %s, Lua peak %s, %s calls from Lua into C\n",
                m->lua_n + m->c_n + m->builtin_n + m->other_n, human_ns(load, (double)m->total_ns),
                human_bytes(peak, (double)d->lua.peak_bytes),
                human_count(down, d->crossings.down_n));
    else
        fputs("  nothing that Lua did was recorded\n", out);
    first_print("INCOMPLETE", &d->incomplete, out);
    first_print("NOT covered", &d->uncovered, out);
    first_print("lost", &d->losses, out);
    free(command);
}

static void model_print(struct model *m, FILE *out)
{
    struct symbols *symbols = symbols_new();
    for (size_t i = 0; i < m->process_n && i < PROCESSES_SHOWN; i++) {
        struct digest d;
        digest_build(&d, m, m->process[i], symbols);
        process_print(&d, out);
        digest_release(&d);
    }
    if (m->process_n > PROCESSES_SHOWN)
        fprintf(out, "and %zu more processes\n", m->process_n - PROCESSES_SHOWN);
    symbols_free(symbols);
}

int summary_print(const char *path, FILE *out, struct err *err)
{
    struct model m;
    int r = ingest_file(path, &m, err);
    if (r == 0)
        model_print(&m, out);
    model_release(&m);
    return r;
}
