/* bench_settings: see bench_settings.h. */
#include "collector/cli/bench_settings.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/bench/bench_wanted.h"
#include "collector/cli/cli.h"
#include "collector/cli/options.h"
#include "collector/stat/order_fit.h"
#include "collector/util/err.h"
#include "collector/util/terminal.h"
#include "collector/util/xalloc.h"

static const char help[] =
    "usage: modprof bench [OPTION...] [--] PROGRAM [ARGUMENT...]\n"
    "       modprof bench [OPTION...] --vs 'OTHER ARGUMENT...' -- PROGRAM [ARGUMENT...]\n"
    "\n"
    "Runs PROGRAM many times and says how long it takes and how sure that is; with --vs or\n"
    "--baseline, whether it got slower, beyond chance. Leading NAME=VALUE words are variables of\n"
    "that command. Its output is discarded.\n"
    "\n"
    "  -n, --runs N            runs (of each, in turn); without -n: 10, and for a comparison as\n"
    "                          many as a change of --detect needs\n"
    "  -w, --warmup N          runs before that, not counted (default 3)\n"
    "      --time T            measure for T at most, like 30s or 5m (default for a comparison\n"
    "                          without -n: 60s); without a comparison and -n: for T\n"
    "      --vs COMMAND        the reference: run in turn with PROGRAM\n"
    "  -m, --metric NAME,...   what is judged: wall (default; cpu and rss are shown too), cpu,\n"
    "                          user, system, rss: without the profiler; op.NAME.p50 (p95, p99,\n"
    "                          rate), value.NAME: what the program reports; or metrics of the\n"
    "                          profiler, NAME or NAME:PLACE, in runs of their own under it\n"
    "      --metrics           list the metrics of the profiler\n"
    "      --param NAME=V,...  run at each value ({NAME} in words, NAME in the environment), and\n"
    "                          fit the order of growth: --param n=1k,10k,50k,100k\n"
    "      --threshold PERCENT smaller changes never fail (default 2)\n"
    "      --detect PERCENT    a change that must be found; pass excludes it (default 5)\n"
    "      --timeout T         kill a run that takes longer\n"
    "  -i, --ignore-failure    go on where a run fails; it is told\n"
    "      --prepare COMMAND   run before each run, not measured\n"
    "      --show-output       do not discard the output of runs\n"
    "  -b, --baseline NAME     the reference: a saved run of this command on this machine\n"
    "      --save-baseline NAME  save this run under that name\n"
    "      --save              save this run in the history, also where there is none yet\n"
    "      --history FILE      the history (default: $MODPROF_HISTORY, or the .modprof-history\n"
    "                          here or above; where it is, runs are saved)\n"
    "      --any-machine       compare with a baseline of another machine\n"
    "      --lenient           no verdict, or no baseline: exit status 0\n"
    "      --strict            exit status 4 then (the default; undoes --lenient)\n"
    "  -f, --format FORMAT     text (default), json\n"
    "  -o, --output FILE       where the result goes (default: standard output)\n"
    "      --color WHEN        auto (default; NO_COLOR is respected), always, never\n"
    "  -h, --help              show this\n"
    "\n"
    "Exit status: 0 measured, or no slower; 1 a run failed, or another error; 2 usage;\n"
    "3 slower, beyond the threshold and beyond chance; 4 no verdict: too noisy, no baseline,\n"
    "interrupted, or a metric that was not there.\n";

static const struct option_word formats[] = {{"text", 0}, {"json", 1}, {NULL, 0}};

enum {
    OPTION_TIME = 256,
    OPTION_VS,
    OPTION_METRICS,
    OPTION_PARAM,
    OPTION_THRESHOLD,
    OPTION_DETECT,
    OPTION_TIMEOUT,
    OPTION_PREPARE,
    OPTION_SHOW_OUTPUT,
    OPTION_SAVE_BASELINE,
    OPTION_SAVE,
    OPTION_HISTORY,
    OPTION_ANY_MACHINE,
    OPTION_LENIENT,
    OPTION_STRICT,
    OPTION_COLOR
};
enum { RUNS_MAX = 100000, METRICS_MAX = 64 };

static const struct option longer[] = {
    {"runs", required_argument, NULL, 'n'},
    {"warmup", required_argument, NULL, 'w'},
    {"time", required_argument, NULL, OPTION_TIME},
    {"vs", required_argument, NULL, OPTION_VS},
    {"metric", required_argument, NULL, 'm'},
    {"metrics", no_argument, NULL, OPTION_METRICS},
    {"param", required_argument, NULL, OPTION_PARAM},
    {"threshold", required_argument, NULL, OPTION_THRESHOLD},
    {"detect", required_argument, NULL, OPTION_DETECT},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"ignore-failure", no_argument, NULL, 'i'},
    {"prepare", required_argument, NULL, OPTION_PREPARE},
    {"show-output", no_argument, NULL, OPTION_SHOW_OUTPUT},
    {"baseline", required_argument, NULL, 'b'},
    {"save-baseline", required_argument, NULL, OPTION_SAVE_BASELINE},
    {"save", no_argument, NULL, OPTION_SAVE},
    {"history", required_argument, NULL, OPTION_HISTORY},
    {"any-machine", no_argument, NULL, OPTION_ANY_MACHINE},
    {"lenient", no_argument, NULL, OPTION_LENIENT},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"format", required_argument, NULL, 'f'},
    {"output", required_argument, NULL, 'o'},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

/* What is being read: metrics wait until the values of the parameter are known. */
struct reading {
    struct bench_settings *s;
    struct bench *b;
    char *metric[METRICS_MAX];
    size_t metric_n;
};

/* ---- values ---- */

static int set_runs(size_t *out, const char *option, const char *given, unsigned long least)
{
    unsigned long n;
    if (options_number("bench", &n, option, given))
        return -1;
    *out = n;
    if (n >= least && n <= RUNS_MAX)
        return 0;
    cli_usage_error("bench", "--%s takes a number from %lu to %d, not %s", option, least, RUNS_MAX,
                    given);
    return -1;
}

static int set_percent(double *out, const char *option, const char *given)
{
    char *end;
    *out = strtod(given, &end) / 100;
    if (end != given && (!*end || !strcmp(end, "%")) && *out >= 0 && *out <= 10)
        return 0;
    cli_usage_error("bench", "--%s takes a percentage like 5 or 2.5%%, not `%s`", option, given);
    return -1;
}

static int set_command(struct bench_command *c, const char *option, const char *given)
{
    struct err err = {""};
    bench_command_release(c);
    if (!bench_command_parse(c, given, &err))
        return 0;
    cli_usage_error("bench", "--%s: %s", option, err.text);
    return -1;
}

/* "10k" is 10000 for the program too; what is no number stays as it is. */
static void value_add(struct bench *b, const char *text, size_t n)
{
    char *word = xstrndup(text, n), *end;
    double size = strtod(word, &end);
    double factor = !*end               ? 1
                    : !strcmp(end, "k") ? 1e3
                    : !strcmp(end, "M") ? 1e6
                    : !strcmp(end, "G") ? 1e9
                                        : 0;
    b->value = xgrow(b->value, b->value_n, &b->value_cap, sizeof *b->value);
    struct bench_value *v = &b->value[b->value_n++];
    if (end == word || !factor || !isfinite(size)) {
        *v = (struct bench_value){word, NAN};
        return;
    }
    v->size = size * factor;
    v->text = factor > 1 ? xformat("%.0f", v->size) : xstrdup(word);
    free(word);
}

static int set_param(struct bench *b, const char *given)
{
    const char *at = strchr(given, '=');
    size_t name_n = at ? (size_t)(at - given) : 0;
    if (b->param)
        return cli_usage_error("bench", "--param can be given once"), -1;
    if (!name_n ||
        strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") < name_n)
        return cli_usage_error("bench", "--param takes NAME=VALUE,VALUE,... not `%s`", given), -1;
    b->param = pool_copy(&b->pool, given, name_n);
    for (at++;; at++) {
        size_t n = strcspn(at, ",");
        if (!n || b->value_n == ORDER_POINTS_MAX)
            return cli_usage_error("bench", "--param %s: %s", given,
                                   n ? "too many values" : "a value is empty"),
                   -1;
        value_add(b, at, n);
        at += n;
        if (!*at)
            return 0;
    }
}

static int add_metrics(struct reading *r, const char *given)
{
    for (;; given++) {
        size_t n = strcspn(given, ",");
        if (!n || r->metric_n == METRICS_MAX)
            return cli_usage_error("bench", "--metric: %s", n ? "too many" : "a name is empty"), -1;
        r->metric[r->metric_n++] = pool_copy(&r->b->pool, given, n);
        given += n;
        if (!*given)
            return 0;
    }
}

/* ---- options ---- */

static int put_option(const struct reading *r, int option, const char *value)
{
    const struct option_place places[] = {{'i', .flag = &r->b->plan.ignore_failure},
                                          {OPTION_METRICS, .flag = &r->s->metrics},
                                          {OPTION_SHOW_OUTPUT, .flag = &r->b->plan.show_output},
                                          {OPTION_SAVE, .flag = &r->s->save},
                                          {OPTION_ANY_MACHINE, .flag = &r->s->any_machine},
                                          {OPTION_LENIENT, .flag = &r->s->lenient},
                                          {'b', .text = &r->s->baseline},
                                          {'o', .text = &r->s->output},
                                          {OPTION_SAVE_BASELINE, .text = &r->s->save_baseline},
                                          {OPTION_HISTORY, .text = &r->s->history},
                                          {0}};
    return options_put(places, option, value);
}

static int set_option(struct reading *r, int option, char *value)
{
    struct bench *b = r->b;
    if (put_option(r, option, value))
        return 0;
    switch (option) {
    case OPTION_STRICT:
        return r->s->lenient = 0, 0;
    case 'n':
        return set_runs(&b->plan.runs, "runs", value, 1);
    case 'w':
        return set_runs(&b->plan.warmups, "warmup", value, 0);
    case 'm':
        return add_metrics(r, value);
    case 'f':
        return options_set_word("bench", &r->s->json, "format", formats, value);
    case OPTION_TIME:
        return options_time("bench", &b->plan.time_ns, "time", value);
    case OPTION_TIMEOUT:
        return options_time("bench", &b->plan.timeout_ns, "timeout", value);
    case OPTION_VS:
        return set_command(&b->command[SIDE_REFERENCE], "vs", value);
    case OPTION_PREPARE:
        return set_command(&b->plan.prepare, "prepare", value);
    case OPTION_PARAM:
        return set_param(b, value);
    case OPTION_THRESHOLD:
        return set_percent(&b->plan.rule.threshold, "threshold", value);
    case OPTION_DETECT:
        return set_percent(&b->plan.rule.detect, "detect", value);
    default:
        r->s->color = options_color("bench", value);
        return r->s->color < 0 ? -1 : 0;
    }
}

/* ---- the whole ---- */

static int metrics_add(struct reading *r)
{
    struct err err = {""};
    for (size_t i = 0; i < r->metric_n; i++)
        if (bench_wanted_add(r->b, r->metric[i], &err))
            return cli_usage_error("bench", "%s", err.text);
    if (!r->metric_n)
        bench_wanted_usual(r->b);
    return 0;
}

static int contradiction(const struct reading *r)
{
    const struct bench *b = r->b;
    if (b->command[SIDE_REFERENCE].argc && r->s->baseline)
        return cli_usage_error("bench", "--vs and --baseline are two references; choose one");
    if (b->plan.rule.detect <= b->plan.rule.threshold)
        return cli_usage_error(
            "bench",
            "--detect %.3g must be above --threshold %.3g: a change between them can be "
            "neither found nor excluded",
            100 * b->plan.rule.detect, 100 * b->plan.rule.threshold);
    return 0;
}

/* The size may also come in by the variable alone. */
static int program_take(struct reading *r, char **argv)
{
    struct bench *b = r->b;
    struct err err = {""};
    if (!*argv)
        return cli_usage_error("bench",
                               "no program was given: modprof bench -- PROGRAM [ARGUMENT...]");
    if (bench_command_words(&b->command[SIDE_APP], argv, &err))
        return cli_usage_error("bench", "%s", err.text);
    if (!b->value_n) {
        b->value = xgrow(b->value, 0, &b->value_cap, sizeof *b->value);
        b->value[b->value_n++] = (struct bench_value){NULL, NAN};
    }
    b->compared = b->command[SIDE_REFERENCE].argc > 0;
    bench_fill(b);
    return metrics_add(r);
}

int bench_settings_read(struct bench_settings *s, struct bench *b, int argc, char **argv)
{
    struct reading r = {.s = s, .b = b};
    int option;
    *s = (struct bench_settings){.color = COLOR_AUTO};
    b->plan.warmups = 3;
    b->plan.rule = (struct versus_rule){.threshold = 0.02, .detect = NAN, .alpha = 0.01};
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+:n:w:m:ib:f:o:h", longer, NULL)) != -1) {
        if (option == 'h')
            return fputs(help, stdout), EXIT_FINE + 1;
        if (option == '?' || option == ':')
            return options_error("bench", option, argv[optind - 1]) + 1;
        if (set_option(&r, option, optarg))
            return EXIT_USAGE + 1;
    }
    if (s->metrics)
        return 0;
    if (isnan(b->plan.rule.detect)) /* 5 % beside 2 % */
        b->plan.rule.detect = b->plan.rule.threshold > 0 ? 2.5 * b->plan.rule.threshold : 0.05;
    int status = contradiction(&r);
    if (!status)
        status = program_take(&r, argv + optind);
    return status ? status + 1 : 0;
}
