/* stack_load: see stack_load.h. */
#include "collector/cli/stack_load.h"

#include <stdlib.h>
#include <string.h>

#include "collector/analyse/digest.h"
#include "collector/cli/cli.h"
#include "collector/util/xalloc.h"

int stack_load_read(struct stack_load *l, const struct stack_settings *s,
                    const struct stack_files *files)
{
    memset(l, 0, sizeof *l);
    l->traces = (struct traces){.command = s->command, .pid = s->pid, .window = s->window};
    l->symbols = options_symbols(&s->symbols);
    stack_tree_init(&l->tree, stack_metric_at(STACK_METRIC_CPU));
    int status = traces_read(&l->traces, files->at, files->n);
    traces_incomplete_say(&l->traces);
    l->process_n = l->traces.n;
    l->process = xcalloc(l->process_n, sizeof *l->process);
    for (size_t i = 0; i < l->process_n; i++)
        l->process[i] = l->traces.at[i].process;
    return status;
}

/* Where there is more than one process, each has a frame of its own. */
static int processes_apart(const struct stack_load *l, const struct stack_settings *s)
{
    return l->process_n > 1 && !s->other.n;
}

static uint32_t process_node(struct stack_load *l, const struct stack_settings *s,
                             struct process *p)
{
    struct digest d = {.process = p};
    if (!processes_apart(l, s))
        return 0;
    const char *label = pool_format(&p->pool, "%s (pid %u)", digest_command(&d), p->pid);
    struct frame f = {.kind = FRAME_NOTE, .label = label, .file = "", .source = "", .module = ""};
    return stack_tree_child(&l->tree, 0, stack_tree_frame(&l->tree, &f));
}

static void process_add(struct stack_load *l, const struct stack_settings *s, struct process *p)
{
    struct stack_part part = {p,          l->symbols, &s->choice, &l->tree, process_node(l, s, p),
                              &l->quality};
    l->tree.metric->add(&part);
}

/* Samples of this clock; OUTSIDE: also those that are not between --from and --to. */
static uint64_t samples_n(const struct stack_load *l, uint64_t clock, int outside)
{
    uint64_t n = 0;
    for (size_t i = 0; i < l->process_n; i++)
        if (l->process[i]->sampler.clock == clock)
            n += l->process[i]->samples.n + (outside ? l->process[i]->samples.outside_n : 0);
    return n;
}

static int nothing_sampled(const struct stack_load *l, const struct stack_settings *s)
{
    const struct stack_metric *m = l->tree.metric;
    int wall = m == stack_metric_at(STACK_METRIC_WALL);
    uint64_t clock = wall ? CLOCK_WALL : CLOCK_CPU, other = wall ? CLOCK_CPU : CLOCK_WALL;
    if (samples_n(l, clock, 0))
        return cli_error(s->command, "none of the %llu samples is of that thread or state",
                         (unsigned long long)samples_n(l, clock, 0));
    if (samples_n(l, clock, 1))
        return cli_error(s->command, "none of the %llu samples is between --from and --to",
                         (unsigned long long)samples_n(l, clock, 1));
    if (samples_n(l, other, 1))
        return cli_error(s->command, "the samples in what was read are of %s: see --metric %s",
                         wall ? "CPU time" : "wall time", wall ? "cpu" : "wall");
    return cli_error(s->command, "%s", m->none);
}

/* Why there is nothing to show, and what to do about it. */
static int nothing(const struct stack_load *l, const struct stack_settings *s)
{
    const struct stack_metric *m = l->tree.metric;
    if (m == stack_metric_at(STACK_METRIC_CPU) || m == stack_metric_at(STACK_METRIC_WALL))
        return nothing_sampled(l, s);
    if (s->choice.thread || s->choice.state || s->window.from_ns || s->window.to_ns)
        return cli_error(s->command, "nothing of --metric %s is of that thread, state and time",
                         m->name);
    return cli_error(s->command, "%s", m->none);
}

static const struct stack_metric *metric_of(const struct stack_load *l,
                                            const struct stack_settings *s)
{
    if (s->metric != METRIC_ANY)
        return stack_metric_at((enum stack_metric_id)s->metric);
    int wall = !samples_n(l, CLOCK_CPU, 1) && samples_n(l, CLOCK_WALL, 1);
    return stack_metric_at(wall ? STACK_METRIC_WALL : STACK_METRIC_CPU);
}

int stack_load_tree(struct stack_load *l, const struct stack_settings *s)
{
    struct stack_shape shape = s->shape;
    shape.kept = processes_apart(l, s) ? 1 : 0;
    l->tree.metric = metric_of(l, s);
    for (size_t i = 0; i < l->process_n; i++)
        process_add(l, s, l->process[i]);
    stack_tree_reshape(&l->tree, &shape);
    stack_tree_finish(&l->tree);
    if (!stack_tree_at(&l->tree, 0)->total)
        return nothing(l, s) + 1;
    return 0;
}

size_t stack_load_runs(const struct stack_load *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->traces.n; i++) /* processes of a trace stand together */
        n += !i || l->traces.at[i].model != l->traces.at[i - 1].model;
    return n;
}

void stack_load_release(struct stack_load *l)
{
    stack_tree_release(&l->tree);
    free(l->process);
    symbols_free(l->symbols);
    traces_release(&l->traces);
}
