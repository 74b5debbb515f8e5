/* stack_load: see stack_load.h. */
#include "collector/cli/stack_load.h"

#include <stdlib.h>
#include <string.h>

#include "collector/analyse/digest.h"
#include "collector/analyse/stack_other.h"
#include "collector/cli/cli.h"
#include "collector/ingest/ingest.h"
#include "collector/util/xalloc.h"

static void file_read(struct stack_load *l, const struct stack_settings *s, const char *path)
{
    struct err err = {""};
    struct model *m = xcalloc(1, sizeof *m);
    l->model = xgrow(l->model, l->model_n, &l->model_cap, sizeof *l->model);
    l->model[l->model_n++] = m;
    if (ingest_file_window(path, &s->window, m, &err)) {
        cli_error(s->command, "%s", err.text);
        l->failed = 1;
        return;
    }
    l->incomplete |= !model_complete(m);
    for (size_t i = 0; i < m->process_n; i++) {
        if (s->pid && m->process[i]->pid != s->pid)
            continue;
        l->process = xgrow(l->process, l->process_n, &l->process_cap, sizeof *l->process);
        l->process[l->process_n++] = m->process[i];
    }
}

int stack_load_read(struct stack_load *l, const struct stack_settings *s, char **argument)
{
    struct err err = {""};
    memset(l, 0, sizeof *l);
    l->symbols = symbols_new();
    stack_tree_init(&l->tree, UNIT_CPU_NS);
    if (!*argument && locate_newest(&l->paths, &err))
        return cli_error(s->command, "%s", err.text) + 1;
    for (; *argument; argument++)
        if (locate_argument(&l->paths, *argument, &err)) {
            cli_error(s->command, "%s", err.text);
            l->failed = 1;
        }
    for (size_t i = 0; i < l->paths.n; i++)
        file_read(l, s, l->paths.at[i]);
    if (!l->process_n && !l->failed)
        return cli_error(s->command, "there is no process %lu in what was read", s->pid) + 1;
    return l->process_n ? 0 : EXIT_ERROR + 1;
}

/* Where there is more than one process, each has a frame of its own. */
static uint32_t process_node(struct stack_load *l, struct process *p)
{
    struct digest d = {.process = p};
    if (l->process_n < 2)
        return 0;
    const char *label = pool_format(&p->pool, "%s (pid %u)", digest_command(&d), p->pid);
    struct frame f = {FRAME_NOTE, label, "", "", 0, NULL, "", 0};
    return stack_tree_child(&l->tree, 0, stack_tree_frame(&l->tree, &f));
}

static void samples_add(struct stack_load *l, const struct stack_settings *s, struct process *p)
{
    struct frames f;
    if (!p->samples.n)
        return;
    frames_init(&f, p, l->symbols, s->choice.by);
    stack_profile_add(&l->tree, process_node(l, p), &f, &s->choice, &l->quality);
    frames_release(&f);
}

static void process_add(struct stack_load *l, const struct stack_settings *s, struct process *p)
{
    if (s->metric == METRIC_LOAD)
        stack_add_loads(&l->tree, process_node(l, p), p);
    else if (s->metric == METRIC_CROSSINGS)
        stack_add_crossings(&l->tree, process_node(l, p), p, l->symbols);
    else
        samples_add(l, s, p);
}

static uint64_t samples_n(const struct stack_load *l, int chosen)
{
    uint64_t n = 0;
    for (size_t i = 0; i < l->process_n; i++)
        n += l->process[i]->samples.n + (chosen ? 0 : l->process[i]->samples.outside_n);
    return n;
}

/* Why there is nothing to show, and what to do about it. */
static int nothing(const struct stack_load *l, const struct stack_settings *s)
{
    if (s->metric == METRIC_LOAD)
        return cli_error(s->command, "no module was loaded while these traces were recorded");
    if (s->metric == METRIC_CROSSINGS)
        return cli_error(s->command, "no C function was called by Lua in these traces");
    if (samples_n(l, 1))
        return cli_error(s->command, "none of the %llu samples is of that thread or state",
                         (unsigned long long)samples_n(l, 1));
    if (samples_n(l, 0))
        return cli_error(s->command, "none of the %llu samples is between --from and --to",
                         (unsigned long long)samples_n(l, 0));
    return cli_error(
        s->command,
        "there are no CPU samples in what was read: record them with `modprof run --cpu`, or "
        "MODPROF_CPU=999 in the environment of the program; `--metric load` and `--metric "
        "crossings` "
        "work with every trace");
}

static int unavailable(const struct stack_settings *s)
{
    static const char *const name[] = {[METRIC_WALL] = "wall",
                                       [METRIC_ALLOC_BYTES] = "alloc-bytes",
                                       [METRIC_ALLOC_COUNT] = "alloc-count",
                                       [METRIC_LIVE] = "live"};
    return cli_error(s->command,
                     "--metric %s needs stacks of allocations, which this version does not record; "
                     "`modprof report --section allocations` has the sums, and cpu, load and "
                     "crossings are metrics of every or of a sampled trace",
                     name[s->metric]);
}

static int is_wall(const struct stack_load *l)
{
    for (size_t i = 0; i < l->process_n; i++)
        if (l->process[i]->samples.n && l->process[i]->sampler.clock == CLOCK_WALL)
            return 1;
    return 0;
}

int stack_load_tree(struct stack_load *l, const struct stack_settings *s)
{
    if (s->metric > METRIC_WALL)
        return unavailable(s) + 1;
    l->wall = is_wall(l);
    if (s->metric == METRIC_WALL && !l->wall)
        return cli_error(s->command,
                         "the samples in these traces, if any, are of CPU time: record wall "
                         "time with MODPROF_WALL=999 in the environment of the program") +
               1;
    l->tree.unit = s->metric == METRIC_CROSSINGS ? UNIT_CALLS
                   : s->metric == METRIC_LOAD    ? UNIT_NS
                   : l->wall                     ? UNIT_WALL_NS
                                                 : UNIT_CPU_NS;
    l->tree.inverted = s->choice.inverted;
    for (size_t i = 0; i < l->process_n; i++)
        process_add(l, s, l->process[i]);
    stack_tree_finish(&l->tree);
    if (!stack_tree_at(&l->tree, 0)->total)
        return nothing(l, s) + 1;
    return 0;
}

int stack_load_status(const struct stack_load *l)
{
    return l->failed ? EXIT_ERROR : l->incomplete ? EXIT_NO_VERDICT : EXIT_FINE;
}

void stack_load_release(struct stack_load *l)
{
    stack_tree_release(&l->tree);
    for (size_t i = 0; i < l->model_n; i++) {
        model_release(l->model[i]);
        free(l->model[i]);
    }
    free(l->model);
    free(l->process);
    symbols_free(l->symbols);
    paths_release(&l->paths);
}
