/* main: finds the command that was asked for and hands over to it.
 *
 * In: the command line.  Out: the command's exit status. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/util/err.h"
#include "collector/util/nearest.h"
#include "wire/version.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
    {"run", cmd_run, "run a program under the profiler and collect its trace"},
    {"collect", cmd_collect, "collect the traces of many processes over a socket"},
    {"report", cmd_report, "show where start-up, memory and crossings go"},
    {"flame", cmd_flame, "show where the time went, as stacks: text or a picture"},
    {"export", cmd_export, "write stacks for other programs: pprof, speedscope, chrome"},
    {"diff", cmd_diff, "compare traces: what got slower, faster, new, gone"},
    {"view", cmd_view, "show traces in the browser"},
    {"check", cmd_check, "hold traces against budgets: pass or fail"},
    {"bench", cmd_bench, "run a program many times, and compare: faster or slower"},
    {"history", cmd_history, "show what was measured earlier, and where it changed"},
    {"doctor", cmd_doctor, "say what can be covered in a program, and why not"},
};
enum { COMMAND_N = sizeof commands / sizeof *commands };

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_N; i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static void help_print(FILE *out)
{
    fputs("usage: modprof COMMAND [OPTION...] [ARGUMENT...]\n\n"
          "Profiles programs that embed Lua 5.4 without changing them.\n\n",
          out);
    for (size_t i = 0; i < COMMAND_N; i++)
        fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs("  help      show this, or the help of a command: modprof help COMMAND\n\n"
          "  -h, --help       show this\n"
          "  -V, --version    show the version\n\n"
          "Without a command of its own a program is profiled by preloading the shim:\n"
          "  LD_PRELOAD=/path/to/libmodprof.so app && modprof report\n\n"
          "Exit status: 0 fine, 1 error, 2 usage, 3 over budget, 4 no verdict: incomplete data;\n"
          "`run` exits with the status of the program it ran.\n",
          out);
}

static int command_unknown(const char *name)
{
    const char *words[COMMAND_N + 1];
    for (size_t i = 0; i < COMMAND_N; i++)
        words[i] = commands[i].name;
    words[COMMAND_N] = "help";
    const char *nearest = nearest_word(name, words, COMMAND_N + 1);
    fprintf(stderr, "modprof: there is no command `%s`", name);
    if (nearest)
        fprintf(stderr, "; did you mean `%s`?", nearest);
    fputs("\nTry `modprof --help`.\n", stderr);
    return EXIT_USAGE;
}

static int cmd_help(int argc, char **argv)
{
    if (argc < 2 || !strcmp(argv[1], "help")) {
        help_print(stdout);
        return EXIT_FINE;
    }
    const struct command *c = command_find(argv[1]);
    char help[] = "--help";
    char *help_argv[] = {argv[1], help, NULL};
    return c ? c->run(2, help_argv) : command_unknown(argv[1]);
}

static int is(const char *arg, const char *shorter, const char *longer)
{
    return !strcmp(arg, shorter) || !strcmp(arg, longer);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        help_print(stderr);
        return EXIT_USAGE;
    }
    if (is(argv[1], "-h", "--help") || !strcmp(argv[1], "help"))
        return cmd_help(argc - 1, argv + 1);
    if (is(argv[1], "-V", "--version")) {
        puts("modprof " MODPROF_VERSION);
        return EXIT_FINE;
    }
    const struct command *c = command_find(argv[1]);
    return c ? c->run(argc - 1, argv + 1) : command_unknown(argv[1]);
}
