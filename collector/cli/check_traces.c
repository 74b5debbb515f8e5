/* check_traces: see check_traces.h. */
#include "collector/cli/check_traces.h"

#include <stdlib.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/ingest/ingest.h"
#include "collector/util/xalloc.h"

static int paths_find(struct paths *paths, char *const *argument)
{
    struct err err = {""};
    int missing = 0;
    if (!*argument && locate_newest(paths, &err))
        missing = cli_error("check", "%s", err.text);
    for (; *argument; argument++)
        if (locate_argument(paths, *argument, &err))
            missing = cli_error("check", "%s", err.text);
    return missing;
}

static void process_add(struct check_traces *t, struct model *m, struct process *p)
{
    struct digest *d = xcalloc(1, sizeof *d);
    digest_build(d, m, p, t->symbols);
    t->digest = xgrow(t->digest, t->digest_n, &t->digest_cap, sizeof *t->digest);
    t->digest[t->digest_n++] = d;
}

static int file_read(struct check_traces *t, const char *path, unsigned long pid)
{
    struct err err = {""};
    struct model *m = xcalloc(1, sizeof *m);
    t->model = xgrow(t->model, t->model_n, &t->model_cap, sizeof *t->model);
    t->model[t->model_n++] = m;
    int stream = !strcmp(path, LOCATE_STDIN);
    if (stream ? ingest_file(path, m, &err) : ingest_file_completing(path, m, &err))
        return cli_error("check", "%s", err.text);
    for (size_t i = 0; i < m->process_n; i++)
        if (!pid || m->process[i]->pid == pid)
            process_add(t, m, m->process[i]);
    return 0;
}

int check_traces_read(struct check_traces *t, char *const *argument, unsigned long pid)
{
    int failed = 0;
    memset(t, 0, sizeof *t);
    t->symbols = symbols_new();
    int missing = paths_find(&t->paths, argument);
    for (size_t i = 0; i < t->paths.n; i++)
        failed |= file_read(t, t->paths.at[i], pid);
    if (failed)
        return EXIT_ERROR;
    if (missing)
        return EXIT_NO_VERDICT;
    if (t->digest_n)
        return 0;
    cli_error("check", "there is no process %lu in what was read", pid);
    return EXIT_NO_VERDICT;
}

void check_traces_release(struct check_traces *t)
{
    for (size_t i = 0; i < t->digest_n; i++) {
        digest_release(t->digest[i]);
        free(t->digest[i]);
    }
    for (size_t i = 0; i < t->model_n; i++) {
        model_release(t->model[i]);
        free(t->model[i]);
    }
    free(t->digest);
    free(t->model);
    if (t->symbols)
        symbols_free(t->symbols);
    paths_release(&t->paths);
    memset(t, 0, sizeof *t);
}
