/* sandbox: runs a settings file, which is Lua, without trusting it.
 *
 * The file gets no library and no function at all, runs as text only, and ends with a sentence once it has
 * taken too much memory, too many instructions or too much time.  The tables that it made remember the line
 * where they were written.
 *
 * Context: collector. */
#ifndef COLLECTOR_BUDGET_SANDBOX_H
#define COLLECTOR_BUDGET_SANDBOX_H

#include <lua5.4/lua.h>
#include <stddef.h>

#include "collector/util/err.h"

enum {
    SANDBOX_BYTES_MAX = 16 << 20, /* memory of the state */
    SANDBOX_STEPS_MAX = 2000000,  /* instructions of Lua's VM */
    SANDBOX_CPU_MS_MAX = 2000,    /* one instruction can compare two huge strings */
    SANDBOX_FILE_MAX = 1 << 20    /* bytes of the text */
};

struct sandbox;

/* Never NULL. */
struct sandbox *sandbox_new(void);
void sandbox_free(struct sandbox *s);

/* Runs TEXT[N], with a NUL behind it; NAME is what messages call it.  Returns 0 with the environment (its globals) at index 1
 * and what it returned at index 2 of sandbox_lua's stack, or -1 with ERR: one line, "NAME:LINE: ...".
 * Once for each sandbox. */
int sandbox_run(struct sandbox *s, const char *name, const char *text, size_t n, struct err *err);

/* For reading the result; memory is not limited any more. */
lua_State *sandbox_lua(struct sandbox *s);

/* The line on which the table at INDEX begins; 0 where that is not known. */
unsigned sandbox_line(struct sandbox *s, int index);

#endif
