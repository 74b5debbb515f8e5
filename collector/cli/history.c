/* history: `modprof history`: what was measured earlier, and where it changed.
 *
 * In: the command line, the history (only read, unless a run is to be named).  Out: series or baselines on stdout
 * or in a file. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/bench/bench_command.h"
#include "collector/cli/cli.h"
#include "collector/cli/history_baseline.h"
#include "collector/cli/options.h"
#include "collector/cli/output_file.h"
#include "collector/history/machine.h"
#include "collector/history/timeline.h"
#include "collector/output/history_output.h"
#include "collector/util/err.h"
#include "collector/util/terminal.h"
#include "collector/util/xalloc.h"

static const char help[] =
    "usage: modprof history [OPTION...] [--] [PROGRAM [ARGUMENT...]]\n"
    "       modprof history --baselines [OPTION...] [--] [PROGRAM [ARGUMENT...]]\n"
    "       modprof history --save-baseline NAME [--commit HASH] [--] PROGRAM [ARGUMENT...]\n"
    "\n"
    "Shows what `modprof bench` and `check` saved: without --metric the series there are, newest "
    "first, with\n"
    "their last change; with it the metric over time and where its level changed. PROGRAM, as it\n"
    "was given to `modprof bench`, limits it to that command.\n"
    "With --save-baseline names a run that is saved already.\n"
    "\n"
    "  -m, --metric NAME     this metric over time\n"
    "      --param NAME=V    of runs with this value of the parameter\n"
    "  -n, --last N          show the newest N runs of a series (default 20); changes are looked\n"
    "                        for in the newest 500, or N where that is more\n"
    "      --threshold PERCENT  smaller changes are not told (default 2)\n"
    "      --any-machine     series of other machines, too, each apart\n"
    "      --baselines       which names there are, and the runs that they stand for\n"
    "      --save-baseline NAME  let NAME stand for the newest saved run of PROGRAM on this "
    "machine\n"
    "      --commit HASH     ... for the newest of this commit (its first digits are enough)\n"
    "  -a, --all             all series (default: 40, with --metric 8)\n"
    "      --history FILE    the history (default: $MODPROF_HISTORY, or the .modprof-history here\n"
    "                        or above)\n"
    "  -f, --format FORMAT   text (default), json\n"
    "  -o, --output FILE     where the result goes (default: standard output)\n"
    "      --color WHEN      auto (default; NO_COLOR is respected), always, never\n"
    "  -h, --help            show this\n"
    "\n"
    "Exit status: 0 shown, or named; 1 there is no history, or it can not be read or written;\n"
    "2 usage; 4 it has nothing of this command, metric, commit or machine.\n";

enum { LIST_MAX = 40, TIMELINES_MAX = 8, CHANGES_IN = 500, LIST_CHANGES_IN = 100 };
enum { LAST_MAX = 100000, WIDTH_PLAIN = 200 };
enum {
    OPTION_PARAM = 256,
    OPTION_THRESHOLD,
    OPTION_ANY_MACHINE,
    OPTION_HISTORY,
    OPTION_COLOR,
    OPTION_BASELINES,
    OPTION_SAVE_BASELINE,
    OPTION_COMMIT
};

static const struct option longer[] = {
    {"metric", required_argument, NULL, 'm'},
    {"param", required_argument, NULL, OPTION_PARAM},
    {"last", required_argument, NULL, 'n'},
    {"threshold", required_argument, NULL, OPTION_THRESHOLD},
    {"any-machine", no_argument, NULL, OPTION_ANY_MACHINE},
    {"all", no_argument, NULL, 'a'},
    {"baselines", no_argument, NULL, OPTION_BASELINES},
    {"save-baseline", required_argument, NULL, OPTION_SAVE_BASELINE},
    {"commit", required_argument, NULL, OPTION_COMMIT},
    {"history", required_argument, NULL, OPTION_HISTORY},
    {"format", required_argument, NULL, 'f'},
    {"output", required_argument, NULL, 'o'},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};
static const struct option_word formats[] = {{"text", 0}, {"json", 1}, {NULL, 0}};

struct asking {
    const char *metric, *param, *history, *output;
    const char *save_baseline, *commit;
    struct bench_command command;
    unsigned long last;
    double threshold;
    int any_machine, all, json, color, baselines;
    char machine[MACHINE_MAX];
};

/* ---- the command line ---- */

static int set_percent(struct asking *a, const char *given)
{
    char *end;
    a->threshold = strtod(given, &end) / 100;
    if (end != given && (!*end || !strcmp(end, "%")) && a->threshold >= 0 && a->threshold <= 10)
        return 0;
    cli_usage_error("history", "--threshold takes a percentage like 5 or 2.5%%, not `%s`", given);
    return -1;
}

static int set_last(struct asking *a, const char *given)
{
    if (options_number("history", &a->last, "last", given))
        return -1;
    if (a->last >= 1 && a->last <= LAST_MAX)
        return 0;
    cli_usage_error("history", "--last takes a number from 1 to %d, not %s", LAST_MAX, given);
    return -1;
}

static int set_option(struct asking *a, int option, const char *value)
{
    switch (option) {
    case 'm':
        return a->metric = value, 0;
    case 'n':
        return set_last(a, value);
    case 'a':
        return a->all = 1, 0;
    case 'f':
        return options_set_word("history", &a->json, "format", formats, value);
    case 'o':
        return a->output = value, 0;
    case OPTION_PARAM:
        return a->param = value, 0;
    case OPTION_THRESHOLD:
        return set_percent(a, value);
    case OPTION_ANY_MACHINE:
        return a->any_machine = 1, 0;
    case OPTION_HISTORY:
        return a->history = value, 0;
    case OPTION_BASELINES:
        return a->baselines = 1, 0;
    case OPTION_SAVE_BASELINE:
        return a->save_baseline = value, 0;
    case OPTION_COMMIT:
        return a->commit = value, 0;
    default:
        a->color = options_color("history", value);
        return a->color < 0 ? -1 : 0;
    }
}

static int contradiction(const struct asking *a)
{
    if (a->commit && !a->save_baseline)
        return cli_usage_error("history", "--commit says which run --save-baseline names");
    if (a->save_baseline && (a->metric || a->baselines || a->json))
        return cli_usage_error("history",
                               "--save-baseline shows nothing: %s means nothing beside it",
                               a->metric      ? "--metric"
                               : a->baselines ? "--baselines"
                                              : "--format");
    if (a->save_baseline && (!*a->save_baseline || !a->command.argc))
        return cli_usage_error("history", "--save-baseline takes a name, and the program whose run "
                                          "it is to stand for");
    if (a->baselines && (a->metric || a->param))
        return cli_usage_error("history", "--baselines lists runs, which are of all metrics");
    return 0;
}

/* 0, or an exit status + 1. */
static int settings_read(struct asking *a, int argc, char **argv)
{
    struct err err = {""};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+:m:n:af:o:h", longer, NULL)) != -1) {
        if (option == 'h')
            return fputs(help, stdout), EXIT_FINE + 1;
        if (option == '?' || option == ':')
            return options_error("history", option, argv[optind - 1]) + 1;
        if (set_option(a, option, optarg))
            return EXIT_USAGE + 1;
    }
    if (argv[optind] && bench_command_words(&a->command, argv + optind, &err))
        return cli_usage_error("history", "%s", err.text) + 1;
    int bad = contradiction(a);
    return bad ? bad + 1 : 0;
}

/* ---- which series ---- */

static int is_wanted(const struct asking *a, const struct store_series *s, size_t *elsewhere)
{
    if (a->param && strcmp(a->param, s->param) != 0)
        return 0;
    if (a->any_machine || !strcmp(s->machine, a->machine))
        return 1;
    ++*elsewhere;
    return 0;
}

static int nothing(const struct asking *a, struct store *s, size_t elsewhere)
{
    char *of = xformat("%s%s%s%s", a->metric ? " of " : "", a->metric ? a->metric : "",
                       a->command.argc ? " of " : "", a->command.argc ? a->command.text : "");
    cli_error("history", "%s has nothing%s%s%s", store_path(s), of,
              elsewhere ? " on this machine, but on others; --any-machine shows that" : "",
              !elsewhere && *of ? "; `modprof history` lists what it has" : "");
    free(of);
    return EXIT_NO_VERDICT;
}

/* To R, whose timelines have room for all of LIST. Returns 0, or -1 with ERR. */
static int timelines_read(const struct asking *a, struct store *s,
                          const struct store_series_list *list, struct history_report *r,
                          struct timeline *at, struct err *err)
{
    size_t most = a->metric ? TIMELINES_MAX : LIST_MAX;
    size_t points = !a->metric ? LIST_CHANGES_IN : a->last > CHANGES_IN ? a->last : CHANGES_IN;
    r->at = at;
    for (size_t i = 0; i < list->n; i++) {
        if (!is_wanted(a, &list->at[i], &r->elsewhere))
            continue;
        if (r->n == most && !a->all)
            r->more++;
        else if (timeline_read(&at[r->n++], s, &list->at[i], points, a->threshold, err))
            return -1;
    }
    return 0;
}

/* ---- baselines ---- */

static int name_run(const struct asking *a, struct store *s)
{
    struct err err = {""};
    struct store_wanted w = {.command = a->command.text, .machine = a->machine};
    struct store_about about;
    int64_t run = store_run_find(s, a->commit, &w, &about, &err);
    if (!run) {
        cli_error("history", "%s has no run of %s%s%s on this machine", store_path(s),
                  a->command.text, a->commit ? " at commit " : "", a->commit ? a->commit : "");
        return EXIT_NO_VERDICT;
    }
    if (run < 0 || store_baseline_set(s, a->save_baseline, run, &err))
        return cli_error("history", "%s", err.text);
    char *words = history_run_words(&about.run, 0);
    printf("%s is the run of %s %s\n", a->save_baseline, a->command.text, words);
    free(words);
    return fflush(stdout) ? EXIT_ERROR : EXIT_FINE;
}

/* ---- the whole ---- */

static int write_out(const struct asking *a, const struct history_report *r)
{
    FILE *out = output_file_open("history", a->output);
    if (!out)
        return EXIT_ERROR;
    int fd = fileno(out);
    struct canvas c = {out, terminal_width(fd), 0,
                       terminal_color(fd, (enum terminal_color)a->color)};
    c.cut = c.width != 0;
    if (!c.width)
        c.width = WIDTH_PLAIN;
    if (a->json)
        history_json(r, out);
    else if (a->baselines)
        history_baselines(r, &c);
    else
        history_text(r, &c);
    return output_file_close("history", a->output, out, 0);
}

static int show(const struct asking *a, struct store *s)
{
    struct err err = {""};
    struct store_wanted w = {.metric = a->metric, .command = a->command.text};
    struct store_series_list list;
    int bad = store_series_read(s, &w, &list, &err);
    struct timeline *at = xcalloc(list.n + 1, sizeof *at);
    struct history_report r = {
        .path = store_path(s), .machine = a->machine, .shown = a->metric ? a->last : 0};
    bad = bad || timelines_read(a, s, &list, &r, at, &err);
    int status = bad    ? cli_error("history", "%s", err.text)
                 : !r.n ? nothing(a, s, r.elsewhere)
                        : write_out(a, &r);
    for (size_t i = 0; i < r.n; i++)
        timeline_release(&at[i]);
    free(at);
    free(list.at);
    return status;
}

static int baselines_show(const struct asking *a, struct store *s)
{
    struct err err = {""};
    struct store_wanted w = {.command = a->command.text,
                             .machine = a->any_machine ? NULL : a->machine};
    struct store_baselines list;
    struct history_report r = {.path = store_path(s), .machine = a->machine, .baselines = &list};
    int bad = store_baselines_read(s, NULL, &w, &list, &err);
    int status = bad ? cli_error("history", "%s", err.text) : write_out(a, &r);
    if (!bad && !list.n) {
        cli_error("history", "%s has no baselines%s%s", store_path(s),
                  a->command.argc ? " of " : "", a->command.argc ? a->command.text : "");
        status = EXIT_NO_VERDICT;
    }
    free(list.at);
    return status;
}

static int answer(const struct asking *a, struct store *s)
{
    return a->save_baseline ? name_run(a, s) : a->baselines ? baselines_show(a, s) : show(a, s);
}

int cmd_history(int argc, char **argv)
{
    struct asking a = {.last = 20, .threshold = 0.02, .color = COLOR_AUTO};
    struct err err = {""};
    int status = settings_read(&a, argc, argv);
    if (status) {
        status--;
    } else {
        signal(SIGXFSZ, SIG_IGN); /* a full file is told */
        machine_describe(a.machine);
        int writes = a.save_baseline && history_is_there(a.history);
        struct store *s = store_open(a.history, writes ? STORE_WRITE : STORE_READ, &err);
        status = s ? answer(&a, s) : cli_error("history", "%s", err.text);
        store_close(s);
    }
    bench_command_release(&a.command);
    return status;
}
