/* traces: see traces.h. */
#include "collector/cli/traces.h"

#include <stdlib.h>

#include "collector/analyse/trust.h"
#include "collector/cli/cli.h"
#include "collector/ingest/ingest.h"
#include "collector/util/xalloc.h"

static void file_read(struct traces *t, const char *path)
{
    struct err err = {""};
    struct model *m = xcalloc(1, sizeof *m);
    t->model = xgrow(t->model, t->model_n, &t->model_cap, sizeof *t->model);
    t->model[t->model_n++] = m;
    if (ingest_file_window(path, &t->window, m, &err)) {
        cli_error(t->command, "%s", err.text);
        t->failed = 1;
        return;
    }
    t->incomplete |= !model_complete(m);
    for (size_t i = 0; i < m->process_n; i++) {
        if (t->pid && m->process[i]->pid != t->pid)
            continue;
        t->at = xgrow(t->at, t->n, &t->cap, sizeof *t->at);
        t->at[t->n++] = (struct traced){m, m->process[i]};
    }
}

void traces_incomplete_say(const struct traces *t)
{
    for (size_t i = 0; i < t->n; i++) {
        struct sentences why = {NULL, 0, 0};
        trust_incomplete(&why, t->at[i].model, t->at[i].process);
        if (why.n)
            cli_error(t->command, "%s: incomplete: %s%s", t->at[i].model->path, why.at[0],
                      why.n > 1 ? " (`modprof report` says more)" : "");
        sentences_release(&why);
    }
}

int traces_read(struct traces *t, char *const *argument, size_t n)
{
    struct err err = {""};
    if (!n && locate_newest(&t->paths, &err))
        return cli_error(t->command, "%s", err.text) + 1;
    for (size_t i = 0; i < n; i++)
        if (locate_argument(&t->paths, argument[i], &err)) {
            cli_error(t->command, "%s", err.text);
            t->failed = 1;
        }
    for (size_t i = 0; i < t->paths.n; i++)
        file_read(t, t->paths.at[i]);
    if (!t->n && !t->failed)
        return cli_error(t->command, "there is no process %lu in what was read", t->pid) + 1;
    return t->n ? 0 : EXIT_ERROR + 1;
}

void traces_release(struct traces *t)
{
    for (size_t i = 0; i < t->model_n; i++) {
        model_release(t->model[i]);
        free(t->model[i]);
    }
    free(t->model);
    free(t->at);
    paths_release(&t->paths);
}

int traces_status(const struct traces *t)
{
    return t->failed ? EXIT_ERROR : t->incomplete ? EXIT_NO_VERDICT : EXIT_FINE;
}
