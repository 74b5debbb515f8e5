/* check_settings: see check_settings.h. */
#include "collector/cli/check_settings.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/cli/options.h"
#include "collector/util/err.h"
#include "collector/util/terminal.h"

static const char help[] =
    "usage: modprof check [OPTION...] [FILE|DIR...]\n"
    "       modprof check [OPTION...] -- PROGRAM [ARGUMENT...]\n"
    "       modprof check --init [FILE|DIR... | -- PROGRAM [ARGUMENT...]]\n"
    "\n"
    "Holds traces against the budgets of a .modprof file: one line for each rule, with what was\n"
    "measured, its limit, by how much it is exceeded, and what contributes most.\n"
    "Without a FILE: the newest trace (*.mprof) in the working directory, or in $TMPDIR.\n"
    "A DIR stands for the traces in it; - for standard input.  Several traces of one command are\n"
    "repeated runs: times are judged by their median.  With a PROGRAM: runs it for its traces.\n"
    "\n"
    "  -c, --config FILE    the budgets (default: .modprof here, or in the nearest folder above)\n"
    "  -b, --baseline WHAT  what the rules' `regression` is held against: a trace, a folder of\n"
    "                       traces, a file that --format json wrote, or a name in the history\n"
    "      --save-baseline NAME  save what was measured in the history, under that name\n"
    "      --save           save it without a name\n"
    "      --history FILE   the history (default: $MODPROF_HISTORY, or the .modprof-history here\n"
    "                       or above)\n"
    "      --any-machine    compare with a baseline that another machine saved\n"
    "  -f, --format FORMAT  text (default), json, junit, sarif, github (annotations; the summary\n"
    "                       of the step goes to $GITHUB_STEP_SUMMARY), gitlab, openmetrics\n"
    "  -o, --output FILE    where the result goes (default: standard output)\n"
    "      --artifact DIR   write the verdicts in every format, the traces and flame graphs to\n"
    "                       DIR; one that is there is replaced if it is empty or an artifact\n"
    "  -a, --all            every rule (default: at most 40 lines of text)\n"
    "      --strict         a rule that nothing matched is no verdict\n"
    "      --lenient        a missing baseline and unstable runs only warn\n"
    "  -p, --pid PID        only this process\n"
    "  -n, --runs N         run PROGRAM so often (default 1)\n"
    "      --any-status     judge PROGRAM whatever its exit status\n"
    "      --show-output    let PROGRAM write to standard output\n"
    "      --init           write a .modprof (or the --config FILE) from the trace, with\n"
    "                       head-room; never over a file that is there\n"
    "      --metrics        list what can be limited\n"
    "      --color WHEN     auto (default; NO_COLOR is respected), always, never\n"
    "  -h, --help           show this\n"
    "\n"
    "Exit status: 0 within the budgets (warnings included); 1 a file could not be read or\n"
    "written, the budgets are wrong, or PROGRAM failed; 2 usage; 3 over budget or regressed;\n"
    "4 no verdict: no trace, incomplete data, no baseline, unstable runs, or no rule matched\n"
    "anything.\n";

static const struct option_word formats[] = {{"text", CHECK_TEXT},
                                             {"json", CHECK_JSON},
                                             {"junit", CHECK_JUNIT},
                                             {"sarif", CHECK_SARIF},
                                             {"github", CHECK_GITHUB},
                                             {"gitlab", CHECK_GITLAB},
                                             {"openmetrics", CHECK_OPENMETRICS},
                                             {NULL, 0}};
enum {
    OPTION_INIT = 256,
    OPTION_STRICT,
    OPTION_LENIENT,
    OPTION_METRICS,
    OPTION_COLOR,
    OPTION_ARTIFACT,
    OPTION_ANY_STATUS,
    OPTION_SHOW_OUTPUT,
    OPTION_SAVE_BASELINE,
    OPTION_SAVE,
    OPTION_HISTORY,
    OPTION_ANY_MACHINE
};
enum { RUNS_MAX = 10000 };

static int put_option(struct check_settings *s, int option, const char *value)
{
    const struct option_place places[] = {{'a', .flag = &s->all},
                                          {OPTION_INIT, .flag = &s->init},
                                          {OPTION_STRICT, .flag = &s->strict},
                                          {OPTION_LENIENT, .flag = &s->lenient},
                                          {OPTION_METRICS, .flag = &s->metrics},
                                          {OPTION_ANY_STATUS, .flag = &s->any_status},
                                          {OPTION_SHOW_OUTPUT, .flag = &s->show_output},
                                          {OPTION_SAVE, .flag = &s->save},
                                          {OPTION_ANY_MACHINE, .flag = &s->any_machine},
                                          {'c', .text = &s->config},
                                          {'b', .text = &s->baseline},
                                          {OPTION_ARTIFACT, .text = &s->artifact},
                                          {OPTION_SAVE_BASELINE, .text = &s->save_baseline},
                                          {OPTION_HISTORY, .text = &s->history},
                                          {0}};
    return options_put(places, option, value);
}

static int set_runs(struct check_settings *s, const char *value)
{
    if (options_number("check", &s->runs, "runs", value))
        return -1;
    if (!s->runs || s->runs > RUNS_MAX)
        return cli_usage_error("check", "--runs is a number from 1 to %d, not %s", RUNS_MAX, value),
               -1;
    return 0;
}

static int set_option(struct check_settings *s, int option, char *value)
{
    int v;
    if (put_option(s, option, value))
        return 0;
    switch (option) {
    case 'f':
        v = options_word("check", "format", formats, value);
        s->format = (enum check_format)v;
        return v < 0 ? -1 : 0;
    case 'o':
        s->output = strcmp(value, "-") ? value : NULL;
        return 0;
    case 'n':
        return set_runs(s, value);
    case 'p':
        return options_pid("check", &s->pid, value);
    default:
        s->color = options_color("check", value);
        return s->color < 0 ? -1 : 0;
    }
}

/* What stands behind `--` is a program, and then nothing may stand before it. */
static int program_take(struct check_settings *s, int argc, char **argv, int dashes)
{
    if (dashes < 0 && (s->runs || s->any_status || s->show_output))
        return cli_usage_error("check", "%s is for a program to run: -- PROGRAM [ARGUMENT...]",
                               s->runs         ? "--runs"
                               : s->any_status ? "--any-status"
                                               : "--show-output");
    if (dashes < 0)
        return 0;
    if (optind < argc - dashes)
        return cli_usage_error("check",
                               "%s and a program behind -- are too much: give traces, or "
                               "a program that makes them",
                               argv[optind]);
    if (!dashes)
        return cli_usage_error("check", "-- is followed by the program to run");
    s->program = argv + optind;
    s->runs = s->runs ? s->runs : 1;
    return 0;
}

static int contradiction(const struct check_settings *s)
{
    if (s->save_baseline && !*s->save_baseline)
        return cli_usage_error("check", "--save-baseline takes a name");
    if (s->init && (s->save || s->save_baseline || s->baseline))
        return cli_usage_error("check", "--init judges nothing: %s means nothing beside it",
                               s->baseline        ? "--baseline"
                               : s->save_baseline ? "--save-baseline"
                                                  : "--save");
    return 0;
}

/* How many words stand behind the first `--` that is no option's value; -1: there is none. */
static int words_behind_dashes(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--"))
            return argc - i - 1;
    return -1;
}

int check_settings_read(struct check_settings *s, int argc, char **argv)
{
    static const struct option longer[] = {
        {"config", required_argument, NULL, 'c'},
        {"format", required_argument, NULL, 'f'},
        {"output", required_argument, NULL, 'o'},
        {"all", no_argument, NULL, 'a'},
        {"pid", required_argument, NULL, 'p'},
        {"init", no_argument, NULL, OPTION_INIT},
        {"strict", no_argument, NULL, OPTION_STRICT},
        {"lenient", no_argument, NULL, OPTION_LENIENT},
        {"baseline", required_argument, NULL, 'b'},
        {"artifact", required_argument, NULL, OPTION_ARTIFACT},
        {"save-baseline", required_argument, NULL, OPTION_SAVE_BASELINE},
        {"save", no_argument, NULL, OPTION_SAVE},
        {"history", required_argument, NULL, OPTION_HISTORY},
        {"any-machine", no_argument, NULL, OPTION_ANY_MACHINE},
        {"runs", required_argument, NULL, 'n'},
        {"any-status", no_argument, NULL, OPTION_ANY_STATUS},
        {"show-output", no_argument, NULL, OPTION_SHOW_OUTPUT},
        {"metrics", no_argument, NULL, OPTION_METRICS},
        {"color", required_argument, NULL, OPTION_COLOR},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    int option, dashes = words_behind_dashes(argc, argv);
    memset(s, 0, sizeof *s);
    s->color = COLOR_AUTO;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:b:f:o:an:p:h", longer, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_FINE + 1;
        }
        if (option == '?' || option == ':')
            return options_error("check", option, argv[optind - 1]) + 1;
        if (set_option(s, option, optarg))
            return EXIT_USAGE + 1;
    }
    int bad = contradiction(s);
    bad = bad ? bad : program_take(s, argc, argv, dashes);
    return bad ? bad + 1 : 0;
}
