/* view: `modprof view`: the page of some traces, served on loopback for one browser.
 *
 * In: trace files; requests.  Out: the URL on stdout. */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/cli/page_load.h"
#include "collector/cli/view_browser.h"
#include "collector/cli/view_server.h"
#include "collector/output/page_html.h"
#include "collector/util/err.h"

static const char help[] =
    "usage: modprof view [OPTION...] [FILE|DIR...]\n"
    "\n"
    "Shows traces in the browser: where the time and the memory go, as flame graphs, waterfalls,\n"
    "tables and graphs over time. Serves on 127.0.0.1 only, at a URL that nobody can guess, until\n"
    "SIGINT (Ctrl-C). Traces that still grow are followed; two traces are compared.\n"
    "Without a FILE: the newest trace (*.mprof) in the working directory, or in $TMPDIR.\n"
    "\n"
    "      --diff OTHER      compare the trace (before) with this one (after)\n"
    "      --with-source     show the texts of the Lua files that ran\n"
    "      --title TEXT      title of the page\n" PAGE_BUDGETS_HELP
    "  -p, --pid PID         only this process\n"
    "      --no-open         only print the URL; else $BROWSER, or xdg-open, is started\n"
    "      --port PORT       listen there (default: any free port)\n"
    "      --idle TIME       end when no page has asked for this long (10m, 90s)\n"
    "  -h, --help            show this\n"
    "\n"
    "`modprof export --format html` writes the same page to a file.\n"
    "\n"
    "Exit status: 0 ended by a signal or by --idle, 1 error, 2 usage.\n";

static void on_stop(evutil_socket_t sig, short what, void *ctx)
{
    (void)sig;
    (void)what;
    event_base_loopbreak(ctx);
}

enum { SIGNAL_N = 3 };

static void signals_catch(struct event *e[SIGNAL_N], struct event_base *base)
{
    static const int signals[SIGNAL_N] = {SIGINT, SIGTERM, SIGHUP};
    for (int i = 0; i < SIGNAL_N; i++) {
        e[i] = evsignal_new(base, signals[i], on_stop, base);
        event_add(e[i], NULL);
    }
}

struct view {
    const struct page_settings *settings;
    struct event_base *base;
    struct view_server *server;
    int status; /* exit status */
};

static int announce(const struct view *v)
{
    const char *url = view_server_url(v->server);
    if (puts(url) < 0 || fflush(stdout))
        return cli_error("view", "the URL could not be printed: %s", strerror(errno));
    if (!v->settings->no_open && view_browser_open(url))
        fputs("modprof view: no browser could be started: open that URL\n", stderr);
    return 0;
}

/* Nobody gets to know the URL of what can not be shown. */
static void on_first_trace(void *ctx, const char *why)
{
    struct view *v = ctx;
    v->status = why ? cli_error("view", "%s", why) : announce(v);
    if (v->status)
        event_base_loopbreak(v->base);
}

static int view(const struct page_settings *s, const struct paths *paths,
                const struct page_budget *b)
{
    struct err err = {""};
    struct event *stop[SIGNAL_N];
    struct view v = {.settings = s, .base = event_base_new()};
    if (!v.base)
        return cli_error("view", "no event loop: %s", strerror(errno));
    signals_catch(stop, v.base); /* before anybody can know that we run */
    v.server = view_server_new(v.base, s, paths, b, &err);
    if (!v.server || view_server_begin(v.server, on_first_trace, &v, &err))
        v.status = cli_error("view", "%s", err.text);
    else
        event_base_loop(v.base, 0);
    for (int i = 0; i < SIGNAL_N; i++)
        event_free(stop[i]);
    view_server_free(v.server);
    event_base_free(v.base);
    return v.status;
}

/* What is read from standard input is gone after that. */
static int has_stream(const struct paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        if (!strcmp(paths->at[i], LOCATE_STDIN))
            return 1;
    return 0;
}

int cmd_view(int argc, char **argv)
{
    struct page_settings s = {.command = "view"};
    struct page_budget b;
    struct paths paths = {0};
    struct err err = {""};
    int status = page_settings_read(&s, argc, argv, help);
    if (status)
        return status - 1;
    if (page_html_check(&err))
        return cli_error("view", "%s", err.text);
    signal(SIGPIPE, SIG_IGN);
    status = page_budget_read(&b, &s);
    if (!status)
        status = page_paths_find(&paths, &s, argv + optind);
    if (!status && has_stream(&paths))
        status = cli_error("view", "a stream can be read only once: save it to a file") + 1;
    status = status ? status - 1 : view(&s, &paths, &b);
    page_budget_release(&b);
    paths_release(&paths);
    return status;
}
