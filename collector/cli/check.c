/* check: `modprof check`, traces held against budgets.
 *
 * In: a .modprof and trace files.  Out: the verdicts on stdout or in a file, and as exit status; what was
 * wrong with files on stderr. */
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
#include "collector/cli/check_settings.h"
#include "collector/cli/cli.h"
#include "collector/cli/output_file.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/locate.h"
#include "collector/output/check_output.h"
#include "collector/util/terminal.h"
#include "collector/util/xalloc.h"

/* Everything read so far. */
struct check {
    struct check_settings set;
    struct model **model;
    size_t model_n, model_cap;
    struct digest **digest;
    size_t digest_n, digest_cap;
    struct symbols *symbols;
    int failed;  /* a file could not be read */
    int missing; /* a trace is not there */
};

/* ---- traces ---- */

static void paths_find(struct check *c, struct paths *paths, char **argument)
{
    struct err err = {""};
    if (!*argument && locate_newest(paths, &err)) {
        cli_error("check", "%s", err.text);
        c->missing = 1;
    }
    for (; *argument; argument++) {
        if (!locate_argument(paths, *argument, &err))
            continue;
        cli_error("check", "%s", err.text);
        c->missing = 1;
    }
}

static void file_read(struct check *c, const char *path)
{
    struct err err = {""};
    struct model *m = xcalloc(1, sizeof *m);
    c->model = xgrow(c->model, c->model_n, &c->model_cap, sizeof *c->model);
    c->model[c->model_n++] = m;
    int stream = !strcmp(path, LOCATE_STDIN);
    if (stream ? ingest_file(path, m, &err) : ingest_file_completing(path, m, &err)) {
        cli_error("check", "%s", err.text);
        c->failed = 1;
        return;
    }
    for (size_t i = 0; i < m->process_n; i++) {
        if (c->set.pid && m->process[i]->pid != c->set.pid)
            continue;
        struct digest *d = xcalloc(1, sizeof *d);
        digest_build(d, m, m->process[i], c->symbols);
        c->digest = xgrow(c->digest, c->digest_n, &c->digest_cap, sizeof *c->digest);
        c->digest[c->digest_n++] = d;
    }
}

static void check_release(struct check *c)
{
    for (size_t i = 0; i < c->digest_n; i++) {
        digest_release(c->digest[i]);
        free(c->digest[i]);
    }
    for (size_t i = 0; i < c->model_n; i++) {
        model_release(c->model[i]);
        free(c->model[i]);
    }
    free(c->digest);
    free(c->model);
    symbols_free(c->symbols);
}

/* Returns 0, or an exit status where there is nothing to judge. */
static int traces_read(struct check *c, char **argument)
{
    struct paths paths = {0};
    c->symbols = symbols_new();
    paths_find(c, &paths, argument);
    for (size_t i = 0; i < paths.n; i++)
        file_read(c, paths.at[i]);
    paths_release(&paths);
    if (c->failed)
        return EXIT_ERROR;
    if (c->missing)
        return EXIT_NO_VERDICT;
    if (c->digest_n)
        return 0;
    cli_error("check", "there is no process %lu in what was read", c->set.pid);
    return EXIT_NO_VERDICT;
}

/* ---- output ---- */

enum { WIDTH_PLAIN = 200 };

static struct canvas canvas_make(const struct check_settings *s, FILE *out)
{
    int fd = fileno(out);
    struct canvas c = {out, terminal_width(fd), 0,
                       terminal_color(fd, (enum terminal_color)s->color)};
    c.cut = c.width != 0;
    if (!c.width)
        c.width = WIDTH_PLAIN;
    return c;
}

/* GitHub names a file to which the step's summary is added. */
static int summary_add(const struct check_report *r)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    if (!path || !*path)
        return 0;
    FILE *out = fopen(path, "ae");
    if (out)
        check_github_summary(r, out);
    if (!out || fclose(out)) {
        cli_error("check", "the summary %s could not be written: %s", path, strerror(errno));
        return -1;
    }
    return 0;
}

static int report_write(const struct check *c, const struct check_report *r, FILE *out)
{
    struct canvas canvas = canvas_make(&c->set, out);
    switch (c->set.format) {
    case CHECK_TEXT:
        check_text(r, &canvas);
        return 0;
    case CHECK_JSON:
        check_json(r, out);
        return 0;
    case CHECK_JUNIT:
        check_junit(r, out);
        return 0;
    case CHECK_SARIF:
        check_sarif(r, out);
        return 0;
    case CHECK_GITLAB:
        check_gitlab(r, out);
        return 0;
    case CHECK_OPENMETRICS:
        check_openmetrics(r, out);
        return 0;
    default:
        check_github(r, out);
        return summary_add(r);
    }
}

static int report(const struct check *c, const struct check_report *r)
{
    FILE *out = output_file_open("check", c->set.output);
    if (!out)
        return EXIT_ERROR;
    int bad = report_write(c, r, out);
    bad |= output_file_close("check", c->set.output, out, 0);
    return bad ? EXIT_ERROR : r->status;
}

/* ---- what can be asked for ---- */

static int metrics_list(void)
{
    for (int i = 0; i < METRIC_N; i++) {
        const struct metric *m = metric_at((enum metric_id)i);
        printf("%-22s %-8s %-6s %s\n", m->name,
               m->quantity == QUANTITY_TIME    ? "time"
               : m->quantity == QUANTITY_BYTES ? "size"
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
    draft_write(out, c->digest, c->digest_n);
    if (output_file_close("check", path, out, 0)) {
        unlink(path);
        return EXIT_ERROR;
    }
    printf("%s written; look it over, then run `modprof check`\n", path);
    return EXIT_FINE;
}

static int judge(const struct check *c, const struct budget *b)
{
    struct findings f;
    findings_make(&f, b, c->digest, c->digest_n);
    struct check_report r = {.budget = b,
                             .findings = &f,
                             .digest = c->digest,
                             .digest_n = c->digest_n,
                             .status = findings_status(&f, c->set.strict),
                             .all = c->set.all};
    int status = report(c, &r);
    findings_release(&f);
    return status;
}

/* Reads the budgets first: an error in them is told without reading traces. */
static int budget_read(const struct check *c, struct budget *b)
{
    struct err err = {""};
    char *found = c->set.config ? xstrdup(c->set.config) : budget_file_find();
    memset(b, 0, sizeof *b);
    if (!found)
        return cli_error("check", "there is no .modprof here or above; "
                                  "`modprof check --init` writes one from a trace");
    int bad = budget_file_read(b, found, &err);
    free(found);
    return bad ? cli_error("check", "%s", err.text) : 0;
}

int cmd_check(int argc, char **argv)
{
    struct check c = {0};
    struct budget b = {0};
    int status = check_settings_read(&c.set, argc, argv);
    if (status)
        return status - 1;
    signal(SIGPIPE, SIG_IGN);
    if (c.set.metrics)
        return metrics_list();
    if (!c.set.init)
        status = budget_read(&c, &b);
    if (!status)
        status = traces_read(&c, argv + optind);
    if (!status)
        status = c.set.init ? init(&c) : judge(&c, &b);
    budget_release(&b);
    check_release(&c);
    return status;
}
