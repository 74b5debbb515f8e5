/* export_page: see export_page.h.
 *
 * In: trace files.  Out: one file; what was wrong on stderr. */
#include "collector/cli/export_page.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/cli/cli.h"
#include "collector/cli/output_file.h"
#include "collector/cli/page_load.h"
#include "collector/output/page_html.h"
#include "collector/util/xalloc.h"

static const char help[] =
    "usage: modprof export --format html -o FILE [OPTION...] [FILE|DIR...]\n"
    "       modprof export --format page-json [OPTION...] [FILE|DIR...]\n"
    "\n"
    "Writes the page that `modprof view` shows as one HTML file with its data inside. It needs no\n"
    "server and no network: open it with a browser, send it, keep it. Two traces are compared.\n"
    "Without a FILE: the newest trace (*.mprof) in the working directory, or in $TMPDIR.\n"
    "\n"
    "  -f, --format FORMAT   html: the page; page-json: only its data (docs/PAGE.md)\n"
    "  -o, --output FILE     write there instead of standard output\n"
    "      --diff OTHER      compare the trace (before) with this one (after)\n"
    "      --with-source     put the texts of the Lua files that ran into the page\n"
    "      --title TEXT      title of the page (default: the command line)\n" PAGE_BUDGETS_HELP
    "      --relative-to DIR name traces as seen from DIR\n"
    "  -p, --pid PID         only this process\n"
    "  -h, --help            show this\n"
    "\n"
    "Exit status: 0 fine; 1 a file could not be read; 2 usage; 4 a trace is incomplete: what is\n"
    "intact was written, and the page says what is missing.\n";

static int is_page_format(const char *name)
{
    return name && (!strcmp(name, "html") || !strcmp(name, "page-json"));
}

int export_page_is_wanted(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *equals = strchr(argv[i], '=');
        size_t n = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        int is_long = n > 3 && n <= 8 && !strncmp(argv[i], "--format", n);
        int is_short = !strncmp(argv[i], "-f", 2);
        if (is_long && is_page_format(equals ? equals + 1 : argv[i + 1]))
            return 1;
        if (is_short && is_page_format(argv[i][2] ? argv[i] + 2 : argv[i + 1]))
            return 1;
    }
    return 0;
}

struct pages {
    struct paths paths;
    struct page_budget budget;
    struct page_load *load;
    struct page_trace *trace;
    size_t n;
    int failed, incomplete;
};

static void traces_read(struct pages *p, const struct page_settings *s)
{
    p->load = xcalloc(p->paths.n, sizeof *p->load);
    p->trace = xcalloc(p->paths.n, sizeof *p->trace);
    for (size_t i = 0; i < p->paths.n; i++) {
        struct err err = {""};
        struct page_load *l = &p->load[p->n];
        if (page_load_read(l, p->paths.at[i], s, &p->budget, &err)) {
            cli_error(s->command, "%s", err.text);
            page_load_release(l);
            p->failed = 1;
            continue;
        }
        p->incomplete |= !model_complete(&l->model);
        p->trace[p->n++] = l->trace;
    }
}

static void pages_release(struct pages *p)
{
    for (size_t i = 0; i < p->n; i++)
        page_load_release(&p->load[i]);
    free(p->load);
    free(p->trace);
    page_budget_release(&p->budget);
    paths_release(&p->paths);
}

static int pages_write(struct pages *p, const struct page_settings *s)
{
    char *title = s->title ? xstrdup(s->title) : page_load_title(p->load, p->n);
    struct page page = {.title = title,
                        .trace = p->trace,
                        .trace_n = p->n,
                        .compare = page_compares(s, p->n),
                        .options = s->options};
    FILE *out = output_file_open(s->command, s->out);
    int status = EXIT_ERROR;
    if (out) {
        if (s->format == PAGE_HTML)
            page_html_file(&page, out);
        else
            page_json(&page, out);
        status = output_file_close(s->command, s->out, out, 0);
    }
    free(title);
    return status;
}

int export_page(int argc, char **argv)
{
    struct page_settings s = {.command = "export"};
    struct pages p = {0};
    struct err err = {""};
    int early = page_settings_read(&s, argc, argv, help);
    if (early)
        return early - 1;
    if (s.format == PAGE_HTML && !s.out && isatty(STDOUT_FILENO))
        return cli_usage_error("export", "the page is for a browser: name a file with -o");
    if (s.format == PAGE_HTML && page_html_check(&err))
        return cli_error("export", "%s", err.text);
    signal(SIGPIPE, SIG_IGN);
    early = page_budget_read(&p.budget, &s);
    if (!early)
        early = page_paths_find(&p.paths, &s, argv + optind);
    if (!early)
        traces_read(&p, &s);
    int status = early ? early - 1 : p.n ? pages_write(&p, &s) : EXIT_ERROR;
    if (!status)
        status = p.failed ? EXIT_ERROR : p.incomplete ? EXIT_NO_VERDICT : EXIT_FINE;
    pages_release(&p);
    return status;
}
