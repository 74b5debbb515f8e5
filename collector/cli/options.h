/* options: what reading the command line has in common in all commands: words, numbers, times, and the
 * sentences about what is wrong with them.
 *
 * Each says on stderr what was wrong and returns -1 (options_error: EXIT_USAGE); COMMAND is the
 * command's name, OPTION the option's long name without dashes, GIVEN what the user wrote. */
#ifndef COLLECTOR_CLI_OPTIONS_H
#define COLLECTOR_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* Lists end with a NULL name; values are not negative. */
struct option_word {
    const char *name;
    int value;
};

/* After getopt_long (with opterr 0 and ':' first) returned '?' or ':': WORD is argv[optind - 1]. */
int options_error(const char *command, int option, const char *word);

/* The value of GIVEN among WORDS, or -1. */
int options_word(const char *command, const char *option, const struct option_word *words,
                 const char *given);
/* The same to *OUT; returns 0 or -1. */
int options_set_word(const char *command, int *out, const char *option,
                     const struct option_word *words, const char *given);
/* auto, always, never: enum terminal_color. */
int options_color(const char *command, const char *given);

/* Options that are only switched on (flag), or whose text is taken as it is; lists end with option 0. */
struct option_place {
    int option;
    int *flag;
    const char **text;
};
/* Returns 1 where OPTION is one of PLACES, and put there, else 0.  VALUE stays the caller's. */
int options_put(const struct option_place *places, int option, const char *value);

/* Returns 0 or -1. */
int options_number(const char *command, unsigned long *out, const char *option, const char *given);
int options_pid(const char *command, unsigned long *out, const char *given);
/* "500ms", "1.5s", "2m", "20us", "1.5" (seconds) to nanoseconds. */
int options_time(const char *command, uint64_t *ns, const char *option, const char *given);

/* The same of --to, where 0 stands for the end. */
int options_time_to(const char *command, uint64_t *ns, const char *given);

/* Where symbols are looked for, besides the files themselves: --debug-dir, --debuginfod. */
enum { OPTION_DIRS_MAX = 32 };
struct option_symbols {
    const char *dir[OPTION_DIRS_MAX];
    size_t dir_n;
    int debuginfod;
};
int options_debug_dir(const char *command, struct option_symbols *o, const char *given);
struct symbols;
struct symbols *options_symbols(const struct option_symbols *o);
#define OPTIONS_SYMBOLS_HELP \
    "      --debug-dir DIR      look for separate debug files there, too (also " \
    "$MODPROF_DEBUG_DIR)\n" \
    "      --debuginfod         ask the servers of $DEBUGINFOD_URLS for symbols that are not " \
    "here\n"

#endif
