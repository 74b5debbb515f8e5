/* stack_load: see stack_load.h. */
#include "collector/cli/stack_load.h"

#include <stdlib.h>
#include <string.h>

#include "collector/analyse/digest.h"
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
    stack_tree_init(&l->tree, stack_metric_at(STACK_METRIC_CPU));
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

static void process_add(struct stack_load *l, const struct stack_settings *s, struct process *p)
{
    struct stack_part part = {p, l->symbols, &s->choice, &l->tree, process_node(l, p), &l->quality};
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
    shape.kept = l->process_n > 1;
    l->tree.metric = metric_of(l, s);
    for (size_t i = 0; i < l->process_n; i++)
        process_add(l, s, l->process[i]);
    stack_tree_reshape(&l->tree, &shape);
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
