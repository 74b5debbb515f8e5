/* report: `modprof report`, the tables for people and programs.
 *
 * In: trace files.  Out: the report on stdout; what was wrong with files on stderr. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/analyse/digest.h"
#include "collector/analyse/memory_growth.h"
#include "collector/budget/leak_suppress.h"
#include "collector/cli/cli.h"
#include "collector/cli/output_file.h"
#include "collector/cli/report_settings.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/locate.h"
#include "collector/output/json_report.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/terminal.h"
#include "collector/util/xalloc.h"

enum { WIDTH_UNKNOWN = 120, DETAILS_MAX = 8 };

/* Everything read so far. */
struct session {
    struct model **model;
    size_t model_n, model_cap;
    struct digest **digest;
    size_t digest_n, digest_cap;
    struct symbols *symbols;
    unsigned long pid;
    int failed;     /* a file could not be read at all */
    int incomplete; /* what was read is not whole */
};

static int paths_find(struct session *ses, struct paths *paths, char **argument)
{
    struct err err = {""};
    if (!*argument && locate_newest(paths, &err)) {
        cli_error("report", "%s", err.text);
        return -1;
    }
    for (; *argument; argument++) {
        if (locate_argument(paths, *argument, &err)) {
            cli_error("report", "%s", err.text);
            ses->failed = 1;
        }
    }
    return 0;
}

static void digest_add(struct session *ses, struct model *m, struct process *p)
{
    struct digest *d = xcalloc(1, sizeof *d);
    digest_build(d, m, p, ses->symbols);
    ses->digest = xgrow(ses->digest, ses->digest_n, &ses->digest_cap, sizeof *ses->digest);
    ses->digest[ses->digest_n++] = d;
}

static void file_read(struct session *ses, const char *path)
{
    struct err err = {""};
    struct model *m = xcalloc(1, sizeof *m);
    ses->model = xgrow(ses->model, ses->model_n, &ses->model_cap, sizeof *ses->model);
    ses->model[ses->model_n++] = m;
    int stream = !strcmp(path, LOCATE_STDIN); /* what has been read is gone: nothing to complete */
    if (stream ? ingest_file(path, m, &err) : ingest_file_completing(path, m, &err)) {
        cli_error("report", "%s", err.text);
        ses->failed = 1;
        return;
    }
    ses->incomplete |= !model_complete(m);
    for (size_t i = 0; i < m->process_n; i++)
        if (!ses->pid || m->process[i]->pid == ses->pid)
            digest_add(ses, m, m->process[i]);
}

static void session_release(struct session *ses)
{
    for (size_t i = 0; i < ses->digest_n; i++) {
        digest_release(ses->digest[i]);
        free(ses->digest[i]);
    }
    for (size_t i = 0; i < ses->model_n; i++) {
        model_release(ses->model[i]);
        free(ses->model[i]);
    }
    free(ses->digest);
    free(ses->model);
    symbols_free(ses->symbols);
}

/* Where the output is no terminal, nothing is cut, and the layout is that of the terminal that a
 * pager would show it on. */
static struct canvas canvas_make(const struct report_settings *s)
{
    struct canvas c = {stdout, s->width, s->width != 0, terminal_color(STDOUT_FILENO, s->color)};
    if (!c.width) {
        c.width = terminal_width(STDOUT_FILENO);
        c.cut = c.width != 0;
    }
    if (!c.width)
        c.width = terminal_width(STDERR_FILENO);
    if (!c.width)
        c.width = WIDTH_UNKNOWN;
    else if (c.width < REPORT_WIDTH_MIN)
        c.width = REPORT_WIDTH_MIN;
    return c;
}

static void text_print(struct session *ses, const struct report_settings *s)
{
    struct canvas c = canvas_make(s);
    const struct model *last = NULL;
    if (ses->digest_n > 1) {
        page_heading(&c, "Processes", "");
        text_processes(ses->digest, ses->digest_n, &c);
    }
    if (ses->digest_n > DETAILS_MAX) {
        page_note(&c, TONE_PLAIN,
                  "Choose a process with --pid, or name its file, to see more of it.");
        return;
    }
    for (size_t i = 0; i < ses->digest_n; i++) {
        if (ses->digest[i]->model != last)
            fprintf(c.out, "%s%s\n", i || ses->digest_n > 1 ? "\n" : "",
                    ses->digest[i]->model->path);
        last = ses->digest[i]->model;
        text_process(ses->digest[i], &s->options, &c);
    }
}

/* What --leaks and --growth ask for is there in one of the processes; the report says of each what is missing. */
static int is_answered(const struct session *ses, const struct report_options *o)
{
    int leaks = !(o->sections & SECTION_LEAKS), growth = !(o->sections & SECTION_GROWTH);
    for (size_t i = 0; i < ses->digest_n && !(leaks && growth); i++) {
        const struct process *p = ses->digest[i]->process;
        int any = p->heap.sites.n != 0;
        leaks = leaks || any;
        growth = growth || (any && growth_mark(p, o->growth_from) && growth_mark(p, o->growth_to));
    }
    return leaks && growth;
}

static int status(const struct session *ses, const struct report_options *o)
{
    if (ses->failed || !is_answered(ses, o))
        return EXIT_ERROR;
    return ses->incomplete ? EXIT_NO_VERDICT : EXIT_FINE;
}

/* A `.modprof` with an error in it must not pass for one without suppressions. */
static int suppress_read(struct leak_suppress *suppress, struct leak_filter *filter,
                         struct report_settings *s)
{
    struct err err = {""};
    *filter = (struct leak_filter){leak_suppress_covers, suppress};
    s->options.leak_filter = filter;
    if (leak_suppress_find(suppress, &err)) {
        leak_suppress_release(suppress);
        return cli_error("report", "%s", err.text);
    }
    return 0;
}

int cmd_report(int argc, char **argv)
{
    struct report_settings s;
    struct session ses = {0};
    struct paths paths = {0};
    struct leak_suppress suppress = {NULL, 0, 0, {NULL, 0}};
    struct leak_filter filter;
    int early = report_settings_read(&s, argc, argv);
    if (early)
        return early - 1;
    if (paths_find(&ses, &paths, argv + optind))
        return EXIT_ERROR;
    if ((s.options.sections & SECTION_LEAKS) && suppress_read(&suppress, &filter, &s))
        return EXIT_ERROR;
    signal(SIGPIPE, SIG_IGN);
    ses.symbols = options_symbols(&s.symbols);
    ses.pid = s.pid;
    for (size_t i = 0; i < paths.n; i++)
        file_read(&ses, paths.at[i]);
    if (s.pid && !ses.digest_n && !ses.failed) {
        cli_error("report", "there is no process %lu in what was read", s.pid);
        ses.failed = 1;
    }
    if (s.json)
        json_report(ses.digest, ses.digest_n, &s.options, stdout);
    else
        text_print(&ses, &s);
    ses.failed |= output_file_close("report", NULL, stdout, 0) != EXIT_FINE;
    paths_release(&paths);
    int result = status(&ses, &s.options);
    session_release(&ses);
    leak_suppress_release(&suppress);
    return result;
}
