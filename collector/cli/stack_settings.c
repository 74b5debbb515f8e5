/* stack_settings: see stack_settings.h. */
#include "collector/cli/stack_settings.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/util/err.h"
#include "collector/util/nearest.h"

enum { WORDS_MAX = 16 };

static const struct stack_word by_words[] = {
    {"function", BY_FUNCTION}, {"line", BY_LINE}, {"module", BY_MODULE}, {NULL, 0}};
static const struct stack_word metric_words[] = {{"cpu", METRIC_CPU},
                                                 {"load", METRIC_LOAD},
                                                 {"crossings", METRIC_CROSSINGS},
                                                 {"wall", METRIC_WALL},
                                                 {"alloc-bytes", METRIC_ALLOC_BYTES},
                                                 {"alloc-count", METRIC_ALLOC_COUNT},
                                                 {"live", METRIC_LIVE},
                                                 {NULL, 0}};

int stack_time_read(const char *text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"m", 60e9}};
    char *end;
    double v = strtod(text, &end);
    if (end == text || !(v >= 0) || v > 1e12)
        return -1;
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(end, units[i].unit)) {
            *ns = (uint64_t)(v * units[i].ns);
            return 0;
        }
    return -1;
}

static int set_word(const struct stack_settings *s, int *out, const char *option,
                    const struct stack_word *words, const char *given)
{
    const char *names[WORDS_MAX];
    size_t n = 0;
    for (; words[n].name && n < WORDS_MAX; n++) {
        if (!strcmp(words[n].name, given)) {
            *out = words[n].value;
            return 0;
        }
        names[n] = words[n].name;
    }
    const char *nearest = nearest_word(given, names, n);
    if (nearest)
        cli_usage_error(s->command, "--%s does not know `%s`; did you mean `%s`?", option, given,
                        nearest);
    else
        cli_usage_error(s->command, "--%s does not know `%s`", option, given);
    return -1;
}

static int set_number(const struct stack_settings *s, unsigned long *out, const char *option,
                      const char *given)
{
    char *end;
    errno = 0;
    *out = strtoul(given, &end, 10);
    if (!errno && end != given && !*end && *given != '-')
        return 0;
    cli_usage_error(s->command, "--%s takes a number, not `%s`", option, given);
    return -1;
}

static int set_id(const struct stack_settings *s, uint64_t *out, const char *option,
                  const char *given)
{
    unsigned long v;
    if (set_number(s, &v, option, given))
        return -1;
    *out = v;
    return 0;
}

static int set_time(const struct stack_settings *s, uint64_t *out, const char *option,
                    const char *given)
{
    if (stack_time_read(given, out) == 0)
        return 0;
    cli_usage_error(s->command, "--%s takes a time like 1.5s or 200ms, not `%s`", option, given);
    return -1;
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
    OPTION_TITLE
};

static int set_choice(struct stack_settings *s, int option, const char *value)
{
    int v = 0, bad;
    switch (option) {
    case OPTION_BY:
        bad = set_word(s, &v, "by", by_words, value);
        s->choice.by = (enum frame_by)v;
        return bad;
    case OPTION_INVERT:
        s->choice.inverted = 1;
        return 0;
    case OPTION_MERGE:
        s->choice.merge_recursion = 1;
        return 0;
    case OPTION_THREAD:
        return set_id(s, &s->choice.tid, "thread", value);
    case OPTION_STATE:
        return set_id(s, &s->choice.state, "state", value);
    default:
        return -1;
    }
}

static int set_option(struct stack_settings *s, int option, const char *value,
                      const struct stack_word *formats)
{
    int v = 0, bad;
    switch (option) {
    case 'o':
        s->out = value;
        return 0;
    case 'f':
        bad = set_word(s, &v, "format", formats, value);
        s->format = (enum stack_format)v;
        return bad;
    case 'p':
        return set_number(s, &s->pid, "pid", value);
    case OPTION_FROM:
        return set_time(s, &s->window.from_ns, "from", value);
    case OPTION_TO:
        return set_time(s, &s->window.to_ns, "to", value);
    case OPTION_METRIC:
        bad = set_word(s, &v, "metric", metric_words, value);
        s->metric = (enum stack_metric)v;
        return bad;
    case OPTION_TITLE:
        s->title = value;
        return 0;
    default:
        return set_choice(s, option, value);
    }
}

static int option_error(const struct stack_settings *s, int option, const char *word)
{
    if (option == ':')
        return cli_usage_error(s->command, "%s needs a value", word);
    if (optopt > 0 && optopt < 256)
        return cli_usage_error(s->command, "there is no option -%c", optopt);
    return cli_usage_error(s->command, "there is no option %s", word);
}

int stack_settings_read(struct stack_settings *s, int argc, char **argv, const char *help,
                        const struct stack_word *formats)
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
                                           {"help", no_argument, NULL, 'h'},
                                           {NULL, 0, NULL, 0}};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:f:p:h", longer, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_FINE + 1;
        }
        if (option == '?' || option == ':')
            return option_error(s, option, argv[optind - 1]) + 1;
        if (set_option(s, option, optarg, formats))
            return EXIT_USAGE + 1;
    }
    if (s->window.to_ns && s->window.to_ns <= s->window.from_ns)
        return cli_usage_error(s->command, "--to is not later than --from") + 1;
    return 0;
}
