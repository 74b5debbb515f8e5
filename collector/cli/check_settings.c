/* check_settings: see check_settings.h. */
#include "collector/cli/check_settings.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "collector/cli/options.h"
#include "collector/util/err.h"
#include "collector/util/terminal.h"

static const char help[] =
    "usage: modprof check [OPTION...] [FILE|DIR...]\n"
    "\n"
    "Holds traces against the budgets of a .modprof file: one line for each rule, with what was\n"
    "measured, its limit, by how much it is exceeded, and what contributes most.\n"
    "Without a FILE: the newest trace (*.mprof) in the working directory, or in $TMPDIR.\n"
    "A DIR stands for the traces in it; - for standard input.\n"
    "\n"
    "  -c, --config FILE        the budgets (default: .modprof here, or in the nearest folder "
    "above)\n"
    "  -f, --format FORMAT      text (default), json, junit, sarif, github (annotations; the "
    "step's\n"
    "                           summary goes to $GITHUB_STEP_SUMMARY), gitlab, openmetrics\n"
    "  -o, --output FILE        where the result goes (default: standard output)\n"
    "  -a, --all                every rule (default: at most 40 lines of text)\n"
    "      --strict             a rule that nothing matched is no verdict\n"
    "  -p, --pid PID            only this process\n"
    "      --init               write a .modprof (or the --config FILE) from the trace, with\n"
    "                           head-room; never over a file that is there\n"
    "      --metrics            list what can be limited\n"
    "      --color WHEN         auto (default; NO_COLOR is respected), always, never\n"
    "  -h, --help               show this\n"
    "\n"
    "Exit status: 0 within the budgets (warnings included); 1 a file could not be read or "
    "written,\n"
    "or the budgets are wrong; 2 usage; 3 over budget; 4 no verdict: there is no trace, the data\n"
    "are incomplete, or no rule matched anything.\n";

static const struct option_word formats[] = {{"text", CHECK_TEXT},
                                             {"json", CHECK_JSON},
                                             {"junit", CHECK_JUNIT},
                                             {"sarif", CHECK_SARIF},
                                             {"github", CHECK_GITHUB},
                                             {"gitlab", CHECK_GITLAB},
                                             {"openmetrics", CHECK_OPENMETRICS},
                                             {NULL, 0}};
enum { OPTION_INIT = 256, OPTION_STRICT, OPTION_METRICS, OPTION_COLOR };

static int set_option(struct check_settings *s, int option, char *value)
{
    int v;
    switch (option) {
    case 'f':
        v = options_word("check", "format", formats, value);
        s->format = (enum check_format)v;
        return v < 0 ? -1 : 0;
    case 'c':
        s->config = value;
        return 0;
    case 'o':
        s->output = strcmp(value, "-") ? value : NULL;
        return 0;
    case 'a':
        s->all = 1;
        return 0;
    case 'p':
        return options_pid("check", &s->pid, value);
    case OPTION_INIT:
        s->init = 1;
        return 0;
    case OPTION_STRICT:
        s->strict = 1;
        return 0;
    case OPTION_METRICS:
        s->metrics = 1;
        return 0;
    default:
        s->color = options_color("check", value);
        return s->color < 0 ? -1 : 0;
    }
}

int check_settings_read(struct check_settings *s, int argc, char **argv)
{
    static const struct option longer[] = {{"config", required_argument, NULL, 'c'},
                                           {"format", required_argument, NULL, 'f'},
                                           {"output", required_argument, NULL, 'o'},
                                           {"all", no_argument, NULL, 'a'},
                                           {"pid", required_argument, NULL, 'p'},
                                           {"init", no_argument, NULL, OPTION_INIT},
                                           {"strict", no_argument, NULL, OPTION_STRICT},
                                           {"metrics", no_argument, NULL, OPTION_METRICS},
                                           {"color", required_argument, NULL, OPTION_COLOR},
                                           {"help", no_argument, NULL, 'h'},
                                           {NULL, 0, NULL, 0}};
    int option;
    memset(s, 0, sizeof *s);
    s->color = COLOR_AUTO;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:f:o:ap:h", longer, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_FINE + 1;
        }
        if (option == '?' || option == ':')
            return options_error("check", option, argv[optind - 1]) + 1;
        if (set_option(s, option, optarg))
            return EXIT_USAGE + 1;
    }
    return 0;
}
