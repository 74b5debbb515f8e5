/* page_load: see page_load.h. */
#include "collector/cli/page_load.h"

#include <stdlib.h>
#include <string.h>

#include "collector/budget/budget_file.h"
#include "collector/cli/cli.h"
#include "collector/ingest/ingest.h"
#include "collector/output/page_verdicts.h"
#include "collector/util/xalloc.h"

int page_budget_read(struct page_budget *b, const struct page_settings *s)
{
    memset(b, 0, sizeof *b);
    if (s->verdicts) {
        b->verdicts = page_verdicts_read(s->verdicts, &b->err);
        return b->verdicts ? 0 : cli_error(s->command, "%s", b->err.text) + 1;
    }
    if (s->config && !*s->config)
        return 0;
    b->path = s->config ? xstrdup(s->config) : budget_file_find();
    if (!b->path)
        return 0;
    b->found = budget_file_read(&b->budget, b->path, &b->err) == 0;
    if (!b->found && s->config)
        return cli_error(s->command, "%s", b->err.text) + 1;
    return 0;
}

void page_budget_release(struct page_budget *b)
{
    budget_release(&b->budget);
    page_verdicts_free(b->verdicts);
    free(b->path);
}

static int add(struct paths *paths, const struct page_settings *s, const char *argument)
{
    struct err err = {""};
    if (!locate_argument(paths, argument, &err))
        return 0;
    return cli_error(s->command, "%s", err.text) + 1;
}

int page_paths_find(struct paths *paths, const struct page_settings *s, char **argument)
{
    struct err err = {""};
    int bad = 0;
    if (!*argument && locate_newest(paths, &err))
        return cli_error(s->command, "%s", err.text) + 1;
    for (; *argument && !bad; argument++)
        bad = add(paths, s, *argument);
    if (!bad && s->diff && paths->n > 1)
        return cli_usage_error(s->command, "--diff compares with one trace, and %zu are named",
                               paths->n) +
               1;
    if (!bad && s->diff) {
        bad = add(paths, s, s->diff);
        if (!bad && paths->n != 2)
            return cli_error(s->command, "--diff takes one trace, not the %zu in %s", paths->n - 1,
                             s->diff) +
                   1;
    }
    return bad;
}

static void digest_add(struct page_load *l, struct process *p)
{
    struct digest *d = xcalloc(1, sizeof *d);
    digest_build(d, &l->model, p, l->symbols);
    l->digest = xgrow(l->digest, l->digest_n, &l->digest_cap, sizeof *l->digest);
    l->digest[l->digest_n++] = d;
}

static void judge(struct page_load *l, const struct page_budget *b)
{
    l->trace.verdicts = b->verdicts;
    if (b->err.text[0])
        l->trace.check_error = b->err.text;
    if (!b->found)
        return;
    run_groups_make(&l->groups, l->digest, l->digest_n);
    findings_make(&l->findings, &b->budget, &l->groups, NULL);
    l->trace.groups = &l->groups;
    l->trace.budget = &b->budget;
    l->trace.findings = &l->findings;
}

/* A page is useful without what was measured before. */
static void history_add(struct page_load *l, const struct page_settings *s)
{
    struct err err = {""};
    if (page_history_read(&l->history, digest_command(l->digest[0]), &err))
        cli_error(s->command, "%s; going on without what was measured before", err.text);
    l->trace.series = l->history.series;
    l->trace.series_n = l->history.n;
}

/* PATH as seen from the folder FROM, where it is within it. */
static const char *seen_from(const char *from, const char *path)
{
    size_t n = from ? strlen(from) : 0;
    while (n && from[n - 1] == '/')
        n--;
    return n && !strncmp(path, from, n) && path[n] == '/' ? path + n + 1 : path;
}

int page_load_read(struct page_load *l, const char *path, const struct page_settings *s,
                   const struct page_budget *b, struct err *err)
{
    struct sample_window all = {.times = 1};
    memset(l, 0, sizeof *l);
    l->symbols = symbols_new();
    if (ingest_file_window(path, &all, &l->model, err))
        return -1;
    for (size_t i = 0; i < l->model.process_n; i++)
        if (!s->pid || l->model.process[i]->pid == s->pid)
            digest_add(l, l->model.process[i]);
    if (!l->digest_n)
        return err_set(err, "%s: there is no process %lu in it", path, s->pid);
    l->trace = (struct page_trace){.name = seen_from(s->relative_to, path),
                                   .bytes = l->model.quality.bytes,
                                   .digest = l->digest,
                                   .digest_n = l->digest_n};
    judge(l, b);
    history_add(l, s);
    return 0;
}

void page_load_release(struct page_load *l)
{
    findings_release(&l->findings);
    page_history_release(&l->history);
    run_groups_release(&l->groups);
    for (size_t i = 0; i < l->digest_n; i++) {
        digest_release(l->digest[i]);
        free(l->digest[i]);
    }
    free(l->digest);
    model_release(&l->model);
    symbols_free(l->symbols);
}

int page_compares(const struct page_settings *s, size_t trace_n)
{
    return trace_n == 2 && (s->diff || !s->verdicts);
}

char *page_load_title(const struct page_load *l, size_t n)
{
    if (n > 1)
        return xformat("%zu traces", n);
    return l->digest_n > 1 ? xformat("%zu processes", l->digest_n)
                           : xstrdup(digest_command(l->digest[0]));
}
