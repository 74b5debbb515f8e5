/* report_settings: see report_settings.h. */
#include "collector/cli/report_settings.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/cli/options.h"
#include "collector/util/err.h"

enum { TOP_DEFAULT = 20, WIDTH_MAX = 10000 };

static const char help[] =
    "usage: modprof report [OPTION...] [FILE|DIR...]\n"
    "\n"
    "Shows what a trace says: what was covered and what was lost, the tree of modules\n"
    "with the phases of their loading, CPU time, allocations, memory by line, the garbage\n"
    "collector, and calls across the Lua/C border.  There is no CPU time where a program\n"
    "ran with MODPROF_CPU=off, and memory by line only with MODPROF_ALLOC=sample or exact.\n"
    "Without a FILE: the newest trace (*.mprof) in the working directory, or in $TMPDIR.\n"
    "A DIR stands for the traces in it; - for standard input.  Of more than eight processes\n"
    "only a table is shown: choose one with --pid or its FILE.\n"
    "\n"
    "  -f, --format text|json   for people (default), or for programs\n"
    "  -n, --top N|all          rows of each table (default 20; json: all)\n"
    "  -s, --sort KEY           order (default), total, self, lua, name, calls:\n"
    "                           modules by load order (as a tree), time, Lua bytes or name;\n"
    "                           functions by calls (default), total time or name\n"
    "      --filter PATTERN     only modules, functions and objects with this in their\n"
    "                           name (a glob where it holds *, ? or [)\n"
    "  -p, --pid PID            only this process\n"
    "      --leaks              only what holds ever more memory, and what is held besides\n"
    "      --growth MARK MARK   only what grew between two marks: names, or #1, name#2\n"
    "      --section NAMES      overview, modules, cpu, allocations, memory, crossings\n"
    "                           (comma-separated);\n"
    "                           sizes (only when named): modules as source, compressed, and as\n"
    "                           bytecode, and what precompiling would save\n"
    "      --annotate FILE      this Lua file (a path or the end of one) line by line, with the\n"
    "                           share of the CPU time of each\n" OPTIONS_SYMBOLS_HELP
    "  -w, --width N            columns to fit into (default: the terminal's)\n"
    "      --color WHEN         auto (default; NO_COLOR is respected), always, never\n"
    "  -h, --help               show this\n"
    "\n"
    "Exit status: 0 fine; 1 a file could not be read, or no process has what --leaks or\n"
    "--growth asks for; 2 usage; 4 a trace is incomplete (cut off, damaged, or of a process\n"
    "that was still running): what is intact was shown.\n";

static const struct option_word format_words[] = {{"text", 0}, {"json", 1}, {NULL, 0}};
static const struct option_word sort_words[] = {{"order", SORT_ORDER},
                                                {"total", SORT_TOTAL},
                                                {"self", SORT_SELF},
                                                {"lua", SORT_LUA},
                                                {"name", SORT_NAME},
                                                {"calls", SORT_CALLS},
                                                {NULL, 0}};
static const struct option_word section_words[] = {{"overview", SECTION_OVERVIEW},
                                                   {"modules", SECTION_MODULES},
                                                   {"allocations", SECTION_ALLOCATIONS},
                                                   {"crossings", SECTION_CROSSINGS},
                                                   {"cpu", SECTION_CPU},
                                                   {"sizes", SECTION_SIZES},
                                                   {"memory", SECTION_MEMORY},
                                                   {"all", SECTION_ALL},
                                                   {NULL, 0}};
static int set_sections(struct report_settings *s, char *names)
{
    s->options.sections = 0;
    for (char *save, *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        int value = options_word("report", "section", section_words, name);
        if (value < 0)
            return -1;
        s->options.sections |= (unsigned)value;
    }
    return s->options.sections ? 0 : (cli_usage_error("report", "--section names no section"), -1);
}

static int set_top(struct report_settings *s, const char *given)
{
    unsigned long n = 0;
    s->top_given = 1;
    if (strcmp(given, "all") && options_number("report", &n, "top", given))
        return -1;
    s->options.top = n ? n : SIZE_MAX;
    return 0;
}

static int set_width(struct report_settings *s, const char *given)
{
    unsigned long n;
    if (options_number("report", &n, "width", given))
        return -1;
    if (n < REPORT_WIDTH_MIN || n > WIDTH_MAX)
        return cli_usage_error("report", "--width is between %d and %d", REPORT_WIDTH_MIN,
                               WIDTH_MAX),
               -1;
    s->width = (unsigned)n;
    return 0;
}

enum {
    OPTION_FILTER = 256,
    OPTION_SECTION,
    OPTION_COLOR,
    OPTION_ANNOTATE,
    OPTION_LEAKS,
    OPTION_GROWTH,
    OPTION_DEBUG_DIR,
    OPTION_DEBUGINFOD
};

static int set_option(struct report_settings *s, int option, char *value)
{
    int v, bad;
    switch (option) {
    case 'f':
        return options_set_word("report", &s->json, "format", format_words, value);
    case 'n':
        return set_top(s, value);
    case 's':
        bad = options_set_word("report", &v, "sort", sort_words, value);
        s->options.sort = (enum report_sort)v;
        return bad;
    case 'p':
        return options_pid("report", &s->pid, value);
    case 'w':
        return set_width(s, value);
    case OPTION_FILTER:
        s->options.filter = *value ? value : NULL;
        return 0;
    case OPTION_DEBUG_DIR:
        return options_debug_dir("report", &s->symbols, value);
    case OPTION_DEBUGINFOD:
        s->symbols.debuginfod = 1;
        return 0;
    case OPTION_ANNOTATE:
        s->options.annotate = value;
        return 0;
    case OPTION_LEAKS:
        s->special |= SECTION_LEAKS;
        return 0;
    case OPTION_GROWTH:
        s->special |= SECTION_GROWTH;
        s->options.growth_from = value;
        return 0;
    case OPTION_SECTION:
        s->section_given = 1;
        return set_sections(s, value);
    case OPTION_COLOR:
        v = options_color("report", value);
        s->color = (enum terminal_color)v;
        return v < 0 ? -1 : 0;
    default:
        return -1;
    }
}

int report_settings_read(struct report_settings *s, int argc, char **argv)
{
    static const struct option longer[] = {{"format", required_argument, NULL, 'f'},
                                           {"top", required_argument, NULL, 'n'},
                                           {"sort", required_argument, NULL, 's'},
                                           {"width", required_argument, NULL, 'w'},
                                           {"pid", required_argument, NULL, 'p'},
                                           {"filter", required_argument, NULL, OPTION_FILTER},
                                           {"leaks", no_argument, NULL, OPTION_LEAKS},
                                           {"growth", required_argument, NULL, OPTION_GROWTH},
                                           {"annotate", required_argument, NULL, OPTION_ANNOTATE},
                                           {"section", required_argument, NULL, OPTION_SECTION},
                                           {"color", required_argument, NULL, OPTION_COLOR},
                                           {"debug-dir", required_argument, NULL, OPTION_DEBUG_DIR},
                                           {"debuginfod", no_argument, NULL, OPTION_DEBUGINFOD},
                                           {"help", no_argument, NULL, 'h'},
                                           {NULL, 0, NULL, 0}};
    int option;
    memset(s, 0, sizeof *s);
    s->options.sections = SECTION_ALL;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":f:n:s:p:w:h", longer, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_FINE + 1;
        }
        if (option == '?' || option == ':')
            return options_error("report", option, argv[optind - 1]) + 1;
        if (set_option(s, option, optarg))
            return EXIT_USAGE + 1;
        if (option == OPTION_GROWTH && !(s->options.growth_to = argv[optind++]))
            return cli_usage_error("report", "--growth takes two marks") + 1;
    }
    if (s->options.annotate && s->json)
        return cli_usage_error("report", "--annotate is for people; `--section cpu` has the lines "
                                         "as JSON") +
               1;
    if (s->special)
        s->options.sections = s->special | (s->section_given ? s->options.sections : 0);
    if (!s->top_given)
        s->options.top = s->json ? SIZE_MAX : TOP_DEFAULT;
    return 0;
}
