/* page_settings: see page_settings.h. */
#include "collector/cli/page_settings.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/cli/options.h"
#include "collector/util/err.h"

enum {
    OPTION_TITLE = 256,
    OPTION_CONFIG,
    OPTION_NO_CONFIG,
    OPTION_VERDICTS,
    OPTION_DIFF,
    OPTION_SOURCE,
    OPTION_RELATIVE_TO,
    OPTION_NO_OPEN,
    OPTION_PORT,
    OPTION_IDLE
};
enum { PORT_MAX = 65535 };

static const struct option_word formats[] = {
    {"html", PAGE_HTML}, {"page-json", PAGE_JSON}, {NULL, 0}};

/* Of view and export. */
/* clang-format off */
#define SHARED_OPTIONS                                                                             \
    {"pid", required_argument, NULL, 'p'}, {"title", required_argument, NULL, OPTION_TITLE},       \
    {"config", required_argument, NULL, OPTION_CONFIG},                                            \
    {"no-config", no_argument, NULL, OPTION_NO_CONFIG},                                            \
    {"verdicts", required_argument, NULL, OPTION_VERDICTS},                                        \
    {"diff", required_argument, NULL, OPTION_DIFF},                                                \
    {"with-source", no_argument, NULL, OPTION_SOURCE}, {"help", no_argument, NULL, 'h'}
/* clang-format on */

static const struct option export_options[] = {
    SHARED_OPTIONS,
    {"output", required_argument, NULL, 'o'},
    {"format", required_argument, NULL, 'f'},
    {"relative-to", required_argument, NULL, OPTION_RELATIVE_TO},
    {NULL, 0, NULL, 0}};
static const struct option view_options[] = {SHARED_OPTIONS,
                                             {"no-open", no_argument, NULL, OPTION_NO_OPEN},
                                             {"port", required_argument, NULL, OPTION_PORT},
                                             {"idle", required_argument, NULL, OPTION_IDLE},
                                             {NULL, 0, NULL, 0}};

static int set_port(struct page_settings *s, const char *value)
{
    if (options_number(s->command, &s->port, "port", value))
        return -1;
    if (s->port <= PORT_MAX)
        return 0;
    cli_usage_error(s->command, "--port is at most %d", PORT_MAX);
    return -1;
}

static int set_idle(struct page_settings *s, const char *value)
{
    uint64_t ns;
    if (options_time(s->command, &ns, "idle", value))
        return -1;
    s->idle_s = (unsigned long)((ns + 999999999) / 1000000000);
    return 0;
}

static int set_option(struct page_settings *s, int option, const char *value)
{
    switch (option) {
    case 'o':
        s->out = value;
        return 0;
    case 'f':
        return options_set_word(s->command, &s->format, "format", formats, value);
    case 'p':
        return options_pid(s->command, &s->pid, value);
    case OPTION_TITLE:
        s->title = value;
        return 0;
    case OPTION_CONFIG:
        s->config = value;
        return 0;
    case OPTION_NO_CONFIG:
        s->config = "";
        return 0;
    case OPTION_VERDICTS:
        s->verdicts = value;
        return 0;
    case OPTION_DIFF:
        s->diff = value;
        return 0;
    case OPTION_SOURCE:
        s->options.with_source = 1;
        return 0;
    case OPTION_RELATIVE_TO:
        s->relative_to = value;
        return 0;
    case OPTION_NO_OPEN:
        s->no_open = 1;
        return 0;
    case OPTION_PORT:
        return set_port(s, value);
    default:
        return set_idle(s, value);
    }
}

int page_settings_read(struct page_settings *s, int argc, char **argv, const char *help)
{
    int is_view = !strcmp(s->command, "view"), option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, is_view ? ":p:h" : ":o:f:p:h",
                                 is_view ? view_options : export_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_FINE + 1;
        }
        if (option == '?' || option == ':')
            return options_error(s->command, option, argv[optind - 1]) + 1;
        if (set_option(s, option, optarg))
            return EXIT_USAGE + 1;
    }
    if (s->verdicts && s->config)
        return cli_usage_error(s->command, "--verdicts are given already: they need no budgets, "
                                           "neither --config nor --no-config") +
               1;
    return 0;
}
