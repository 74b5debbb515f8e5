/* options: see options.h. */
#include "collector/cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/symbol/symbol.h"
#include "collector/util/nearest.h"
#include "collector/util/terminal.h"

enum { WORDS_MAX = 32 };

int options_error(const char *command, int option, const char *word)
{
    if (option == ':')
        return cli_usage_error(command, "%s needs a value", word);
    if (optopt > 0 && optopt < 256)
        return cli_usage_error(command, "there is no option -%c", optopt);
    return cli_usage_error(command, "there is no option %s", word);
}

static void word_unknown(const char *command, const char *option, const char *given,
                         const char *const *names, size_t n)
{
    const char *nearest = nearest_word(given, names, n);
    char all[512] = "";
    for (size_t i = 0, at = 0; i < n && at < sizeof all; i++)
        at += (size_t)snprintf(all + at, sizeof all - at, "%s%s", i ? ", " : "", names[i]);
    if (nearest)
        cli_usage_error(command, "--%s does not know `%s`; did you mean `%s`?", option, given,
                        nearest);
    else
        cli_usage_error(command, "--%s does not know `%s`; it takes one of: %s", option, given,
                        all);
}

int options_word(const char *command, const char *option, const struct option_word *words,
                 const char *given)
{
    const char *names[WORDS_MAX] = {NULL};
    size_t n = 0;
    for (; words[n].name && n < WORDS_MAX; n++) {
        if (!strcmp(words[n].name, given))
            return words[n].value;
        names[n] = words[n].name;
    }
    word_unknown(command, option, given, names, n);
    return -1;
}

int options_put(const struct option_place *places, int option, const char *value)
{
    for (const struct option_place *p = places; p->option; p++) {
        if (p->option != option)
            continue;
        if (p->flag)
            *p->flag = 1;
        else
            *p->text = value;
        return 1;
    }
    return 0;
}

int options_set_word(const char *command, int *out, const char *option,
                     const struct option_word *words, const char *given)
{
    *out = options_word(command, option, words, given);
    return *out < 0 ? -1 : 0;
}

int options_color(const char *command, const char *given)
{
    static const struct option_word words[] = {
        {"auto", COLOR_AUTO}, {"always", COLOR_ALWAYS}, {"never", COLOR_NEVER}, {NULL, 0}};
    return options_word(command, "color", words, given);
}

static int number_read(unsigned long *out, const char *given)
{
    char *end;
    errno = 0;
    *out = strtoul(given, &end, 10);
    return errno || end == given || *end || *given == '-' ? -1 : 0;
}

int options_number(const char *command, unsigned long *out, const char *option, const char *given)
{
    if (!number_read(out, given))
        return 0;
    cli_usage_error(command, "--%s takes a number, not `%s`", option, given);
    return -1;
}

int options_pid(const char *command, unsigned long *out, const char *given)
{
    if (!number_read(out, given) && *out)
        return 0;
    cli_usage_error(command, "--pid takes the number of a process, not `%s`", given);
    return -1;
}

static int time_read(const char *text, uint64_t *ns)
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
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].unit))
            continue;
        *ns = v * units[i].ns < 1.8e19 ? (uint64_t)(v * units[i].ns) : UINT64_MAX;
        return 0;
    }
    return -1;
}

int options_time(const char *command, uint64_t *ns, const char *option, const char *given)
{
    if (!time_read(given, ns))
        return 0;
    cli_usage_error(command, "--%s takes a time like 1.5s or 200ms, not `%s`", option, given);
    return -1;
}

int options_time_to(const char *command, uint64_t *ns, const char *given)
{
    if (options_time(command, ns, "to", given))
        return -1;
    if (*ns)
        return 0;
    cli_usage_error(command, "--to %s is where the program starts: nothing is before it", given);
    return -1;
}

int options_debug_dir(const char *command, struct option_symbols *o, const char *given)
{
    if (o->dir_n == OPTION_DIRS_MAX) {
        cli_usage_error(command, "--debug-dir is given more than %d times", OPTION_DIRS_MAX);
        return -1;
    }
    o->dir[o->dir_n++] = given;
    return 0;
}

struct symbols *options_symbols(const struct option_symbols *o)
{
    struct symbols *s = symbols_new();
    for (size_t i = 0; i < o->dir_n; i++)
        symbols_debug_dir(s, o->dir[i]);
    if (o->debuginfod)
        symbols_debuginfod(s);
    return s;
}
