/* bench_command: a command line that is measured: its words, the variables set for it, {n} replaced. */
#ifndef COLLECTOR_BENCH_BENCH_COMMAND_H
#define COLLECTOR_BENCH_BENCH_COMMAND_H

#include <stddef.h>

#include "collector/util/err.h"

struct bench_command {
    char **variable; /* NAME=VALUE, set for it alone */
    size_t variable_n, variable_cap;
    char **argv; /* ends with NULL */
    size_t argc, argc_cap;
    char *text; /* as a shell would read it; for people and as a key */
};

/* Words as they are; leading NAME=VALUE words are variables. Copies. Returns 0, or -1 with ERR. */
int bench_command_words(struct bench_command *c, char *const *words, struct err *err);

/* One text, taken apart as a shell does (quotes, $variables, ~, *), but run without one. */
int bench_command_parse(struct bench_command *c, const char *text, struct err *err);

/* A copy with {NAME} replaced by VALUE in words and variables, and NAME=VALUE among the variables;
 * NAME NULL: a plain copy. */
void bench_command_fill(struct bench_command *out, const struct bench_command *c, const char *name,
                        const char *value);

/* 1 where {NAME} stands in it somewhere. */
int bench_command_uses(const struct bench_command *c, const char *name);

void bench_command_release(struct bench_command *c);

#endif
