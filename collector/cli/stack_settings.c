/* stack_settings: see stack_settings.h. */
#include "collector/cli/stack_settings.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/cli/cli.h"
#include "collector/util/err.h"
#include "collector/util/xalloc.h"

static const struct option_word by_words[] = {
    {"function", BY_FUNCTION}, {"line", BY_LINE}, {"module", BY_MODULE}, {NULL, 0}};
static const struct option_word compare_words[] = {{"time", 0}, {"share", 1}, {NULL, 0}};
static const char choices[] =
    "      --by WHAT            function (default), line or module\n"
    "      --invert             callers above their callees\n"
    "      --merge-recursion    a function that is on the stack already is not added again\n"
    "      --thread TID|NAME    only this thread, or those of this name (or glob)\n"
    "      --state N            only this Lua state\n"
    "      --from TIME          only what was from this time after process start on (1.5s, 200ms)\n"
    "      --to TIME            only what was before this time\n"
    "  -p, --pid PID            only this process\n" OPTIONS_SYMBOLS_HELP;

static void help_print(const struct stack_help *help)
{
    fputs(help->before, stdout);
    for (int i = 0; i < STACK_METRIC_N; i++) {
        const struct stack_metric *m = stack_metric_at((enum stack_metric_id)i);
        printf("%-26s %-12s %s\n", i ? "" : "      --metric NAME", m->name, m->summary);
    }
    fputs("                           (default: cpu, or wall where only that was sampled)\n",
          stdout);
    fputs(choices, stdout);
    fputs(help->after, stdout);
}

int stack_settings_metric(struct stack_settings *s, const char *name)
{
    struct option_word words[STACK_METRIC_N + 1] = {{NULL, 0}};
    for (int i = 0; i < STACK_METRIC_N; i++)
        words[i] = (struct option_word){stack_metric_at((enum stack_metric_id)i)->name, i};
    return options_set_word(s->command, &s->metric, "metric", words, name);
}

/* Options that mean nothing for the metric are an error, not ignored. */
static int is_taken(const struct stack_settings *s)
{
    int any = s->metric == METRIC_ANY;
    const struct stack_metric *m = any ? NULL : stack_metric_at((enum stack_metric_id)s->metric);
    unsigned takes = any ? TAKES_ALL : m->takes;
    const char *what = s->choice.by == BY_LINE && !(takes & TAKES_LINES) ? "lines"
                       : s->choice.thread && !(takes & TAKES_THREAD)     ? "threads"
                       : s->choice.state && !(takes & TAKES_STATE)       ? "Lua states"
                       : (s->window.from_ns || s->window.to_ns) && !(takes & TAKES_WINDOW)
                           ? "moments in time"
                           : NULL;
    if (what)
        cli_usage_error(s->command, "--metric %s does not tell %s apart", m->name, what);
    return !what;
}

static int set_id(const struct stack_settings *s, uint64_t *out, const char *option,
                  const char *given)
{
    unsigned long v;
    if (options_number(s->command, &v, option, given))
        return -1;
    *out = v;
    return 0;
}

enum {
    OPTION_BY = 256,
    OPTION_INVERT,
    OPTION_MERGE,
    OPTION_THREAD,
    OPTION_STATE,
    OPTION_FROM,
    OPTION_TO,
    OPTION_METRIC,
    OPTION_TITLE,
    OPTION_DEBUG_DIR,
    OPTION_DEBUGINFOD,
    OPTION_DIFF,
    OPTION_VS,
    OPTION_COMPARE
};

/* Leaves room for the NULL at the end. */
static void file_add(struct stack_files *f, char *name)
{
    f->at = xgrow(f->at, f->n + 1, &f->cap, sizeof *f->at);
    if (name)
        f->at[f->n++] = name;
    f->at[f->n] = NULL;
}

static int set_choice(struct stack_settings *s, int option, const char *value)
{
    int v = 0, bad;
    switch (option) {
    case OPTION_BY:
        bad = options_set_word(s->command, &v, "by", by_words, value);
        s->choice.by = (enum frame_by)v;
        return bad;
    case OPTION_INVERT:
        s->shape.invert = 1;
        return 0;
    case OPTION_MERGE:
        s->shape.merge_recursion = 1;
        return 0;
    case OPTION_THREAD:
        s->choice.thread = value;
        return 0;
    case OPTION_STATE:
        return set_id(s, &s->choice.state, "state", value);
    case OPTION_COMPARE:
        return options_set_word(s->command, &s->shares, "compare", compare_words, value);
    default:
        return -1;
    }
}

static int set_option(struct stack_settings *s, int option, char *value,
                      const struct option_word *formats)
{
    int v = 0, bad;
    switch (option) {
    case 'o':
        s->out = value;
        return 0;
    case 'f':
        bad = options_set_word(s->command, &v, "format", formats, value);
        s->format = (enum stack_format)v;
        return bad;
    case 'p':
        return options_pid(s->command, &s->pid, value);
    case OPTION_FROM:
        return options_time(s->command, &s->window.from_ns, "from", value);
    case OPTION_TO:
        return options_time_to(s->command, &s->window.to_ns, value);
    case OPTION_METRIC:
        return stack_settings_metric(s, value);
    case OPTION_DEBUG_DIR:
        return options_debug_dir(s->command, &s->symbols, value);
    case OPTION_DIFF:
        file_add(&s->other, value);
        return 0;
    case OPTION_DEBUGINFOD:
        s->symbols.debuginfod = 1;
        return 0;
    case OPTION_TITLE:
        s->title = value;
        return 0;
    default:
        return set_choice(s, option, value);
    }
}

int stack_settings_read(struct stack_settings *s, int argc, char **argv,
                        const struct stack_help *help, const struct option_word *formats)
{
    static const struct option longer[] = {{"output", required_argument, NULL, 'o'},
                                           {"format", required_argument, NULL, 'f'},
                                           {"pid", required_argument, NULL, 'p'},
                                           {"by", required_argument, NULL, OPTION_BY},
                                           {"invert", no_argument, NULL, OPTION_INVERT},
                                           {"merge-recursion", no_argument, NULL, OPTION_MERGE},
                                           {"thread", required_argument, NULL, OPTION_THREAD},
                                           {"state", required_argument, NULL, OPTION_STATE},
                                           {"from", required_argument, NULL, OPTION_FROM},
                                           {"to", required_argument, NULL, OPTION_TO},
                                           {"metric", required_argument, NULL, OPTION_METRIC},
                                           {"title", required_argument, NULL, OPTION_TITLE},
                                           {"debug-dir", required_argument, NULL, OPTION_DEBUG_DIR},
                                           {"debuginfod", no_argument, NULL, OPTION_DEBUGINFOD},
                                           {"diff", required_argument, NULL, OPTION_DIFF},
                                           {"vs", no_argument, NULL, OPTION_VS},
                                           {"compare", required_argument, NULL, OPTION_COMPARE},
                                           {"help", no_argument, NULL, 'h'},
                                           {NULL, 0, NULL, 0}};
    struct stack_files *side = &s->files;
    int option;
    s->metric = METRIC_ANY;
    file_add(&s->files, NULL);
    optind = 0;
    opterr = 0;
    /* '-': names are told in their place between the options, as character 1. */
    while ((option = getopt_long(argc, argv, "-:o:f:p:h", longer, NULL)) != -1) {
        if (option == 'h') {
            help_print(help);
            return EXIT_FINE + 1;
        }
        if (option == '?' || option == ':')
            return options_error(s->command, option, argv[optind - 1]) + 1;
        if (option == OPTION_VS)
            side = &s->other;
        else if (option == 1)
            file_add(side, optarg);
        else if (set_option(s, option, optarg, formats))
            return EXIT_USAGE + 1;
    }
    for (; optind < argc; optind++) /* behind -- */
        file_add(side, argv[optind]);
    if (side == &s->other && !s->other.n)
        return cli_usage_error(s->command, "behind --vs the traces to compare with are missing") +
               1;
    if (s->shares && !s->other.n)
        return cli_usage_error(s->command, "--compare is for --diff and --vs") + 1;
    if (s->window.to_ns && s->window.to_ns <= s->window.from_ns)
        return cli_usage_error(s->command, "--to is not later than --from") + 1;
    return is_taken(s) ? 0 : EXIT_USAGE + 1;
}

void stack_settings_release(struct stack_settings *s)
{
    free(s->files.at);
    free(s->other.at);
}
