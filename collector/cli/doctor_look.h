/* doctor_look: what was found out about a program or a process, and the verdict.
 *
 * Context: `modprof doctor`. */
#ifndef COLLECTOR_CLI_DOCTOR_LOOK_H
#define COLLECTOR_CLI_DOCTOR_LOOK_H

#include <stddef.h>
#include <sys/types.h>

#include "collector/cli/doctor_program.h"
#include "collector/symbol/lua_file.h"
#include "collector/util/err.h"

struct doctor_lines {
    char **at;
    size_t n, cap;
};

enum doctor_verdict {
    DOCTOR_COVERED, /* all of every Lua 5.4 */
    DOCTOR_PARTLY,  /* some functions of some Lua 5.4 can not */
    DOCTOR_NOT,     /* nothing */
    DOCTOR_NO_LUA   /* no Lua in sight */
};

enum doctor_shim { SHIM_UNKNOWN, SHIM_ABSENT, SHIM_DORMANT, SHIM_ACTIVE }; /* in a process */

struct doctor {
    char *asked; /* as the user wrote it */
    pid_t pid;   /* 0: a program */
    enum doctor_shim shim;
    struct doctor_program program;
    struct lua_file *object; /* [0]: the executable */
    size_t object_n, object_cap;
    struct doctor_lines obstacle; /* why nothing at all can be covered */
    struct doctor_lines remark;   /* what else is good to know */
    struct doctor_lines advice;   /* what to do */
    enum doctor_verdict verdict;
};

/* Each looks, and decides.  Return 0, or -1 with ERR.  Either way to be released. */
int doctor_look_program(struct doctor *d, const char *program, struct err *err);
int doctor_look_process(struct doctor *d, pid_t pid, struct err *err);
void doctor_release(struct doctor *d);

void doctor_line(struct doctor_lines *lines, char *line); /* takes LINE over */

/* What of one copy of Lua can be covered; a sentence part, freed by the caller. */
char *doctor_coverage(const struct lua_file *f);

/* Both write to stdout (doctor_show.c). */
void doctor_show_text(const struct doctor *d);
void doctor_show_json(const struct doctor *d);

const char *doctor_verdict_word(enum doctor_verdict v); /* "covered", "partly", "not", "no-lua" */

#endif
