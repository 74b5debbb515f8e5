/* report: `modprof report`, the tables for people and programs.
 *
 * In: trace files.  Out: the report on stdout; what was wrong with files on stderr. */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/analyse/digest.h"
#include "collector/cli/cli.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/locate.h"
#include "collector/output/json_report.h"
#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/nearest.h"
#include "collector/util/terminal.h"
#include "collector/util/xalloc.h"

enum { TOP_DEFAULT = 20, WIDTH_MIN = 40, WIDTH_MAX = 10000, WIDTH_UNKNOWN = 120 };

struct settings {
    struct report_options options;
    int json, top_given;
    unsigned width;             /* 0: not given */
    enum terminal_color color;
};

/* Everything read so far. */
struct session {
    struct model **model;
    size_t model_n, model_cap;
    struct digest **digest;
    size_t digest_n, digest_cap;
    struct symbols *symbols;
    int failed;     /* a file could not be read at all */
    int incomplete; /* what was read is not whole */
};

static const char help[] =
    "usage: modprof report [OPTION...] [FILE|DIR...]\n"
    "\n"
    "Shows what a trace says: what was covered and what was lost, the tree of modules\n"
    "with the phases of their loading, allocations, and calls across the Lua/C border.\n"
    "Without a FILE: the newest trace (*.mprof) in the working directory, or in $TMPDIR.\n"
    "A DIR stands for the traces in it; - for standard input.\n"
    "\n"
    "  -f, --format text|json   for people (default), or for programs\n"
    "  -n, --top N|all          rows of each table (default 20; json: all)\n"
    "  -s, --sort KEY           order (default), total, self, lua, name, calls:\n"
    "                           modules by load order (as a tree), time, Lua bytes or name;\n"
    "                           functions by calls (default), total time or name\n"
    "      --filter PATTERN     only modules, functions and objects with this in their\n"
    "                           name (a glob where it holds *, ? or [)\n"
    "      --section NAMES      overview, modules, allocations, crossings (comma-separated)\n"
    "  -w, --width N            columns to fit into (default: the terminal's)\n"
    "      --color WHEN         auto (default; NO_COLOR is respected), always, never\n"
    "  -h, --help               show this\n"
    "\n"
    "Exit status: 0 fine; 1 a file could not be read; 2 usage; 4 a trace is incomplete\n"
    "(cut off, damaged, or of a process that was still running): what is intact was shown.\n";

struct word {
    const char *name;
    int value;
};

static const struct word format_words[] = {{"text", 0}, {"json", 1}, {NULL, 0}};
static const struct word sort_words[] = {{"order", SORT_ORDER}, {"total", SORT_TOTAL},
                                         {"self", SORT_SELF},   {"lua", SORT_LUA},
                                         {"name", SORT_NAME},   {"calls", SORT_CALLS},
                                         {NULL, 0}};
static const struct word section_words[] = {{"overview", SECTION_OVERVIEW},
                                            {"modules", SECTION_MODULES},
                                            {"allocations", SECTION_ALLOCATIONS},
                                            {"crossings", SECTION_CROSSINGS},
                                            {"all", SECTION_ALL},
                                            {NULL, 0}};
static const struct word color_words[] = {{"auto", COLOR_AUTO}, {"always", COLOR_ALWAYS},
                                          {"never", COLOR_NEVER}, {NULL, 0}};

/* The value of GIVEN among WORDS, or -1 after saying what was meant. */
static int word_value(const char *option, const struct word *words, const char *given)
{
    const char *names[8];
    size_t n = 0;
    for (; words[n].name; n++) {
        if (!strcmp(words[n].name, given))
            return words[n].value;
        names[n] = words[n].name;
    }
    const char *nearest = nearest_word(given, names, n);
    if (nearest)
        cli_usage_error("report", "--%s does not know `%s`; did you mean `%s`?", option, given,
                        nearest);
    else
        cli_usage_error("report", "--%s does not know `%s`", option, given);
    return -1;
}

static int set_word(int *out, const char *option, const struct word *words, const char *given)
{
    *out = word_value(option, words, given);
    return *out < 0 ? -1 : 0;
}

static int set_sections(struct settings *s, char *names)
{
    s->options.sections = 0;
    for (char *save, *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        int value = word_value("section", section_words, name);
        if (value < 0)
            return -1;
        s->options.sections |= (unsigned)value;
    }
    return s->options.sections ? 0 : (cli_usage_error("report", "--section names no section"), -1);
}

static int set_number(unsigned long *out, const char *option, const char *given)
{
    char *end;
    errno = 0;
    *out = strtoul(given, &end, 10);
    if (errno || end == given || *end || *given == '-')
        return cli_usage_error("report", "--%s takes a number, not `%s`", option, given), -1;
    return 0;
}

static int set_top(struct settings *s, const char *given)
{
    unsigned long n = 0;
    s->top_given = 1;
    if (strcmp(given, "all") && set_number(&n, "top", given))
        return -1;
    s->options.top = n ? n : SIZE_MAX;
    return 0;
}

static int set_width(struct settings *s, const char *given)
{
    unsigned long n;
    if (set_number(&n, "width", given))
        return -1;
    if (n < WIDTH_MIN || n > WIDTH_MAX)
        return cli_usage_error("report", "--width is between %d and %d", WIDTH_MIN, WIDTH_MAX), -1;
    s->width = (unsigned)n;
    return 0;
}

enum { OPTION_FILTER = 256, OPTION_SECTION, OPTION_COLOR };

static int set_option(struct settings *s, int option, char *value)
{
    int v, bad;
    switch (option) {
    case 'f':
        return set_word(&s->json, "format", format_words, value);
    case 'n':
        return set_top(s, value);
    case 's':
        bad = set_word(&v, "sort", sort_words, value);
        s->options.sort = (enum report_sort)v;
        return bad;
    case 'w':
        return set_width(s, value);
    case OPTION_FILTER:
        s->options.filter = *value ? value : NULL;
        return 0;
    case OPTION_SECTION:
        return set_sections(s, value);
    case OPTION_COLOR:
        bad = set_word(&v, "color", color_words, value);
        s->color = (enum terminal_color)v;
        return bad;
    default:
        return -1;
    }
}

/* Returns 0, or an exit status + 1. */
static int settings_read(struct settings *s, int argc, char **argv)
{
    static const struct option longer[] = {{"format", required_argument, NULL, 'f'},
                                           {"top", required_argument, NULL, 'n'},
                                           {"sort", required_argument, NULL, 's'},
                                           {"width", required_argument, NULL, 'w'},
                                           {"filter", required_argument, NULL, OPTION_FILTER},
                                           {"section", required_argument, NULL, OPTION_SECTION},
                                           {"color", required_argument, NULL, OPTION_COLOR},
                                           {"help", no_argument, NULL, 'h'},
                                           {NULL, 0, NULL, 0}};
    int option;
    memset(s, 0, sizeof *s);
    s->options.sections = SECTION_ALL;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":f:n:s:w:h", longer, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_FINE + 1;
        }
        if (option == '?' || option == ':') {
            cli_usage_error("report", option == ':' ? "%s needs a value" : "there is no option %s",
                            argv[optind - 1]);
            return EXIT_USAGE + 1;
        }
        if (set_option(s, option, optarg))
            return EXIT_USAGE + 1;
    }
    if (!s->top_given)
        s->options.top = s->json ? SIZE_MAX : TOP_DEFAULT;
    return 0;
}

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
    if (ingest_file_completing(path, m, &err)) {
        cli_error("report", "%s", err.text);
        ses->failed = 1;
        return;
    }
    ses->incomplete |= !model_complete(m);
    for (size_t i = 0; i < m->process_n; i++)
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
static struct canvas canvas_make(const struct settings *s)
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
    else if (c.width < WIDTH_MIN)
        c.width = WIDTH_MIN;
    return c;
}

static void text_print(struct session *ses, const struct settings *s)
{
    struct canvas c = canvas_make(s);
    const struct model *last = NULL;
    if (ses->digest_n > 1) {
        page_heading(&c, "Processes", "");
        text_processes(ses->digest, ses->digest_n, &c);
    }
    for (size_t i = 0; i < ses->digest_n; i++) {
        if (ses->digest[i]->model != last)
            fprintf(c.out, "%s%s\n", i || ses->digest_n > 1 ? "\n" : "",
                    ses->digest[i]->model->path);
        last = ses->digest[i]->model;
        text_process(ses->digest[i], &s->options, &c);
    }
}

static int output_end(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    if (errno != EPIPE) /* a pager that was left early is nobody's error */
        cli_error("report", "the report could not be written: %s", strerror(errno));
    return -1;
}

static int status(const struct session *ses)
{
    return ses->failed ? EXIT_ERROR : ses->incomplete ? EXIT_NO_VERDICT : EXIT_FINE;
}

int cmd_report(int argc, char **argv)
{
    struct settings s;
    struct session ses = {0};
    struct paths paths = {0};
    int early = settings_read(&s, argc, argv);
    if (early)
        return early - 1;
    if (paths_find(&ses, &paths, argv + optind))
        return EXIT_ERROR;
    ses.symbols = symbols_new();
    for (size_t i = 0; i < paths.n; i++)
        file_read(&ses, paths.at[i]);
    if (s.json)
        json_report(ses.digest, ses.digest_n, &s.options, stdout);
    else
        text_print(&ses, &s);
    ses.failed |= output_end() != 0;
    paths_release(&paths);
    session_release(&ses);
    return status(&ses);
}
