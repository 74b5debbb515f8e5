/* diff_settings: see diff_settings.h. */
#include "collector/cli/diff_settings.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/cli/options.h"
#include "collector/util/err.h"
#include "collector/util/xalloc.h"

enum { TOP_DEFAULT = 20 };

static const char help[] =
    "usage: modprof diff [OPTION...] A B\n"
    "       modprof diff [OPTION...] A... --vs B...\n"
    "\n"
    "Compares traces: what got slower, faster, new or gone from A to B, with the error of each\n"
    "difference, so that noise is no news: sampled time by function, module loads, memory, calls\n"
    "across the Lua/C border.  Each file is a run; a folder stands for the traces in it.  Several "
    "runs\n"
    "a side tell how much runs differ by themselves.\n"
    "\n"
    "      --vs                 what follows is B\n"
    "      --by WHAT            function (default), line or module\n"
    "      --value VALUE        self (default), or total: with what it calls\n"
    "      --compare WHAT       time (default; per run), or share of the whole: for runs of\n"
    "                           different length\n"
    "      --metric NAME        cpu or wall (default: what both sides have)\n"
    "      --margin PERCENT     differences up to this are no news (default 10 for one run a side, "
    "2\n"
    "                           for several)\n"
    "      --level PERCENT      at most this share of the news is false (default 1)\n"
    "      --section NAME       only this: cpu, wall, or a metric of `modprof check --metrics`\n"
    "      --all                also what is no news\n"
    "  -n, --top N|all          rows of each table (default 20; json: all)\n"
    "      --thread TID|NAME, --state N, --from TIME, --to TIME\n"
    "                           only such samples; see modprof flame\n"
    "  -p, --pid PID            only this process\n" OPTIONS_SYMBOLS_HELP
    "  -f, --format text|json   for people (default), or for programs\n"
    "  -o, --output FILE        write there instead of standard output\n"
    "      --exit-code          exit with 3 where something got slower, more, or is new\n"
    "      --color WHEN         auto (default; NO_COLOR is respected), always, never\n"
    "  -h, --help               show this\n"
    "\n"
    "Exit status: 0 compared, whatever came of it; 1 a file could not be read or written; 2 "
    "usage;\n"
    "3 with --exit-code: worse; 4 a trace is incomplete: what is intact was compared.\n";

static const struct option_word by_words[] = {
    {"function", BY_FUNCTION}, {"line", BY_LINE}, {"module", BY_MODULE}, {NULL, 0}};
static const struct option_word value_words[] = {{"self", 0}, {"total", 1}, {NULL, 0}};
static const struct option_word compare_words[] = {{"time", 0}, {"share", 1}, {NULL, 0}};
static const struct option_word metric_words[] = {
    {"cpu", STACK_METRIC_CPU}, {"wall", STACK_METRIC_WALL}, {NULL, 0}};
static const struct option_word format_words[] = {{"text", 0}, {"json", 1}, {NULL, 0}};

static void file_add(struct diff_settings *s, int side, char *name)
{
    s->side[side] = xgrow(s->side[side], s->n[side], &s->cap[side], sizeof *s->side[side]);
    s->side[side][s->n[side]++] = name;
}

static int set_percent(double *out, const char *option, const char *given)
{
    char *end;
    double v = strtod(given, &end);
    if (end != given && *end == '%')
        end++;
    if (end == given || *end || !(v >= 0) || v > 1000) {
        cli_usage_error("diff", "--%s takes a percentage, not `%s`", option, given);
        return -1;
    }
    *out = v / 100;
    return 0;
}

static int set_top(struct diff_settings *s, const char *given)
{
    unsigned long n = 0;
    if (strcmp(given, "all") && options_number("diff", &n, "top", given))
        return -1;
    s->top = n ? n : SIZE_MAX;
    return 0;
}

enum {
    OPTION_VS = 256,
    OPTION_BY,
    OPTION_VALUE,
    OPTION_COMPARE,
    OPTION_METRIC,
    OPTION_MARGIN,
    OPTION_LEVEL,
    OPTION_SECTION,
    OPTION_ALL,
    OPTION_THREAD,
    OPTION_STATE,
    OPTION_FROM,
    OPTION_TO,
    OPTION_EXIT_CODE,
    OPTION_COLOR,
    OPTION_DEBUG_DIR,
    OPTION_DEBUGINFOD
};

/* Which samples. */
static int set_choice(struct diff_settings *s, int option, char *value)
{
    struct stack_choice *c = &s->options.choice;
    unsigned long n = 0;
    int v, bad;
    switch (option) {
    case OPTION_BY:
        bad = options_set_word("diff", &v, "by", by_words, value);
        c->by = (enum frame_by)v;
        return bad;
    case OPTION_THREAD:
        c->thread = value;
        return 0;
    case OPTION_STATE:
        bad = options_number("diff", &n, "state", value);
        c->state = n;
        return bad;
    case OPTION_FROM:
        return options_time("diff", &s->window.from_ns, "from", value);
    case OPTION_TO:
        return options_time_to("diff", &s->window.to_ns, value);
    case OPTION_METRIC:
        return options_set_word("diff", &s->options.metric, "metric", metric_words, value);
    default:
        return -1;
    }
}

/* How they are compared. */
static int set_test(struct diff_settings *s, int option, const char *value)
{
    switch (option) {
    case OPTION_VALUE:
        return options_set_word("diff", &s->options.total, "value", value_words, value);
    case OPTION_COMPARE:
        return options_set_word("diff", &s->options.shares, "compare", compare_words, value);
    case OPTION_MARGIN:
        return set_percent(&s->options.margin, "margin", value);
    case OPTION_LEVEL:
        return set_percent(&s->options.level, "level", value);
    default:
        return -1;
    }
}

static int set_output(struct diff_settings *s, int option, const char *value)
{
    switch (option) {
    case 'n':
        return set_top(s, value);
    case 'p':
        return options_pid("diff", &s->pid, value);
    case 'f':
        return options_set_word("diff", &s->json, "format", format_words, value);
    case 'o':
        s->out = value;
        return 0;
    case OPTION_DEBUG_DIR:
        return options_debug_dir("diff", &s->symbols, value);
    case OPTION_DEBUGINFOD:
        s->symbols.debuginfod = 1;
        return 0;
    case OPTION_SECTION:
        s->section = value;
        return 0;
    case OPTION_ALL:
        s->all = 1;
        return 0;
    case OPTION_EXIT_CODE:
        s->exit_code = 1;
        return 0;
    case OPTION_COLOR:
        s->color = options_color("diff", value);
        return s->color < 0 ? -1 : 0;
    default:
        return -1;
    }
}

static int set_option(struct diff_settings *s, int option, char *value)
{
    switch (option) {
    case OPTION_BY:
    case OPTION_THREAD:
    case OPTION_STATE:
    case OPTION_FROM:
    case OPTION_TO:
    case OPTION_METRIC:
        return set_choice(s, option, value);
    case OPTION_VALUE:
    case OPTION_COMPARE:
    case OPTION_MARGIN:
    case OPTION_LEVEL:
        return set_test(s, option, value);
    default:
        return set_output(s, option, value);
    }
}

/* Without --vs: two names. */
static int sides_complete(struct diff_settings *s, int vs)
{
    if (!vs && s->n[SIDE_A] == 2 && !s->n[SIDE_B])
        file_add(s, SIDE_B, s->side[SIDE_A][--s->n[SIDE_A]]);
    if (s->n[SIDE_A] && s->n[SIDE_B])
        return 0;
    if (!vs && s->n[SIDE_A] > 2)
        return cli_usage_error("diff", "of more than two traces --vs tells which are compared with "
                                       "which: A1 A2 --vs B1 B2");
    return cli_usage_error("diff", "two traces are needed: A and B");
}

static const struct option longer[] = {{"vs", no_argument, NULL, OPTION_VS},
                                       {"by", required_argument, NULL, OPTION_BY},
                                       {"value", required_argument, NULL, OPTION_VALUE},
                                       {"compare", required_argument, NULL, OPTION_COMPARE},
                                       {"metric", required_argument, NULL, OPTION_METRIC},
                                       {"margin", required_argument, NULL, OPTION_MARGIN},
                                       {"level", required_argument, NULL, OPTION_LEVEL},
                                       {"section", required_argument, NULL, OPTION_SECTION},
                                       {"all", no_argument, NULL, OPTION_ALL},
                                       {"top", required_argument, NULL, 'n'},
                                       {"thread", required_argument, NULL, OPTION_THREAD},
                                       {"state", required_argument, NULL, OPTION_STATE},
                                       {"from", required_argument, NULL, OPTION_FROM},
                                       {"to", required_argument, NULL, OPTION_TO},
                                       {"pid", required_argument, NULL, 'p'},
                                       {"format", required_argument, NULL, 'f'},
                                       {"output", required_argument, NULL, 'o'},
                                       {"exit-code", no_argument, NULL, OPTION_EXIT_CODE},
                                       {"color", required_argument, NULL, OPTION_COLOR},
                                       {"debug-dir", required_argument, NULL, OPTION_DEBUG_DIR},
                                       {"debuginfod", no_argument, NULL, OPTION_DEBUGINFOD},
                                       {"help", no_argument, NULL, 'h'},
                                       {NULL, 0, NULL, 0}};

int diff_settings_read(struct diff_settings *s, int argc, char **argv)
{
    int option, side = SIDE_A;
    memset(s, 0, sizeof *s);
    s->options.metric = -1;
    s->options.margin = -1;
    s->options.level = 0.01;
    optind = 0;
    opterr = 0;
    /* '-': files are told in their place between the options, as character 1. */
    while ((option = getopt_long(argc, argv, "-:n:p:f:o:h", longer, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_FINE + 1;
        }
        if (option == '?' || option == ':')
            return options_error("diff", option, argv[optind - 1]) + 1;
        if (option == OPTION_VS)
            side = SIDE_B;
        else if (option == 1)
            file_add(s, side, optarg);
        else if (set_option(s, option, optarg))
            return EXIT_USAGE + 1;
    }
    for (; optind < argc; optind++) /* behind -- */
        file_add(s, side, argv[optind]);
    if (s->window.to_ns && s->window.to_ns <= s->window.from_ns)
        return cli_usage_error("diff", "--to is not later than --from") + 1;
    if (!s->top)
        s->top = s->json ? SIZE_MAX : TOP_DEFAULT;
    int status = sides_complete(s, side == SIDE_B);
    return status ? status + 1 : 0;
}

void diff_settings_release(struct diff_settings *s)
{
    free(s->side[SIDE_A]);
    free(s->side[SIDE_B]);
}
