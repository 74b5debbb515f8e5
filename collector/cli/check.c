/* check: `modprof check`, traces held against budgets.
 *
 * In: a .modprof, and trace files or a program that makes them.  Out: the verdicts on stdout or in a
 * file, and as exit status; what was wrong with files on stderr. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/budget/budget_file.h"
#include "collector/budget/draft.h"
#include "collector/budget/verdict.h"
#include "collector/cli/check_artifact.h"
#include "collector/cli/check_baseline.h"
#include "collector/cli/check_history.h"
#include "collector/cli/check_run.h"
#include "collector/cli/check_settings.h"
#include "collector/cli/check_traces.h"
#include "collector/cli/check_write.h"
#include "collector/cli/cli.h"
#include "collector/cli/output_file.h"
#include "collector/util/xalloc.h"

struct check {
    struct check_settings set;
    struct budget budget;
    struct check_run run;
    struct check_traces traces;
    struct check_baseline baseline;
    int has_baseline;
};

static int metrics_list(void)
{
    for (int i = 0; i < METRIC_N; i++) {
        const struct metric *m = metric_at((enum metric_id)i);
        printf("%-22s %-8s %-6s %s\n", m->name,
               m->quantity == QUANTITY_TIME    ? "time"
               : m->quantity == QUANTITY_BYTES ? "size"
               : m->quantity == QUANTITY_SHARE ? "share"
                                               : "count",
               m->timing == TIMING_EXACT ? "exact" : "timed", m->summary);
    }
    return fflush(stdout) ? EXIT_ERROR : EXIT_FINE;
}

/* O_EXCL: what somebody wrote is never lost. */
static int init(const struct check *c)
{
    const char *path = c->set.config ? c->set.config : BUDGET_FILE_NAME;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        return cli_error("check", "%s is there already; choose another with --config", path);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out)
        return cli_error("check", "%s can not be written: %s", path, strerror(errno));
    draft_write(out, c->traces.digest, c->traces.digest_n);
    if (output_file_close("check", path, out, 0)) {
        unlink(path);
        return EXIT_ERROR;
    }
    printf("%s written; look it over, then run `modprof check`\n", path);
    return EXIT_FINE;
}

/* Reads the budgets first: an error in them is told without reading traces. */
static int budget_read(struct check *c)
{
    struct err err = {""};
    char *found = c->set.config ? xstrdup(c->set.config) : budget_file_find();
    if (!found)
        return cli_error("check", "there is no .modprof here or above; "
                                  "`modprof check --init` writes one from a trace");
    int bad = budget_file_read(&c->budget, found, &err);
    free(found);
    return bad ? cli_error("check", "%s", err.text) : 0;
}

static int any_regression(const struct budget *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->rule[i].regression.given)
            return 1;
    return 0;
}

/* A file that the budgets name lies beside them, or where people are; else it is a name of the history. */
static const char *baseline_of(struct budget *b)
{
    const char *slash = strrchr(b->path, '/');
    if (!b->baseline || *b->baseline == '/' || !slash)
        return b->baseline;
    const char *beside =
        pool_format(&b->pool, "%.*s/%s", (int)(slash - b->path), b->path, b->baseline);
    return access(beside, F_OK) ? b->baseline : beside;
}

/* The command line goes before the file. */
static int baseline_read(struct check *c)
{
    const char *name = c->set.baseline ? c->set.baseline : baseline_of(&c->budget);
    if (!name)
        return 0;
    if (c->set.baseline && !any_regression(&c->budget))
        cli_error("check", "no rule of %s has a `regression`, so --baseline changes nothing",
                  c->budget.path);
    c->has_baseline = 1;
    return check_baseline_read(&c->baseline, name, &c->set);
}

static int output(const struct check *c, const struct check_report *r)
{
    int bad = 0;
    if (c->set.artifact)
        bad = check_artifact(c->set.artifact, r, &c->traces);
    bad |= check_write(r, c->set.format, c->set.output, c->set.color);
    if (c->set.format == CHECK_GITHUB)
        bad |= check_write_summary(r);
    return bad ? EXIT_ERROR : r->status;
}

static int judge(const struct check *c)
{
    struct findings f;
    struct run_groups groups;
    const struct baseline *base = c->has_baseline ? &c->baseline.values : NULL;
    run_groups_make(&groups, c->traces.digest, c->traces.digest_n);
    findings_make(&f, &c->budget, &groups, base);
    char *file = check_repository_path(c->budget.path);
    /* What a program that was started here left is gone with this command. */
    const char **gone = c->set.program ? xcalloc(c->traces.digest_n, sizeof *gone) : NULL;
    struct check_report r = {.budget = &c->budget,
                             .findings = &f,
                             .digest = c->traces.digest,
                             .digest_n = c->traces.digest_n,
                             .trace = gone,
                             .groups = &groups,
                             .baseline = base,
                             .file = file,
                             .status = findings_status(&f, c->set.strict, c->set.lenient),
                             .all = c->set.all,
                             .lenient = c->set.lenient};
    int status = output(c, &r);
    if (check_history_save(&c->set, &f, &groups, c->has_baseline && r.status == EXIT_OVER))
        status = EXIT_ERROR;
    free(gone);
    free(file);
    findings_release(&f);
    run_groups_release(&groups);
    return status;
}

/* Programs can name moments only where they are let. */
static void marks_allow(const struct budget *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->rule[i].metric->places & (PLACE_MARK | PLACE_INTERVAL))
            setenv("MODPROF_MARKS", "1", 0);
}

/* The traces that are given, or those of the program that is to be run. */
static int traces_read(struct check *c, char **argument)
{
    char *made[] = {NULL, NULL};
    if (!c->set.program)
        return check_traces_read(&c->traces, argument, c->set.pid);
    marks_allow(&c->budget);
    int status = check_run(&c->run, &c->set);
    made[0] = c->run.dir;
    return status ? status : check_traces_read(&c->traces, made, c->set.pid);
}

int cmd_check(int argc, char **argv)
{
    struct check c = {0};
    int status = check_settings_read(&c.set, argc, argv);
    if (status)
        return status - 1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a full file is told, and what was half written removed */
    if (c.set.metrics)
        return metrics_list();
    if (!c.set.init)
        status = budget_read(&c);
    if (!status && !c.set.init)
        status = baseline_read(&c);
    if (!status)
        status = traces_read(&c, argv + optind);
    if (!status)
        status = c.set.init ? init(&c) : judge(&c);
    check_baseline_release(&c.baseline);
    check_traces_release(&c.traces);
    check_run_release(&c.run);
    budget_release(&c.budget);
    return status;
}
