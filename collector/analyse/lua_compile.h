/* lua_compile: compiles a Lua text here, in the collector, without running it: how large its bytecode
 * is, and how much faster that loads than the text. */
#ifndef COLLECTOR_ANALYSE_LUA_COMPILE_H
#define COLLECTOR_ANALYSE_LUA_COMPILE_H

#include <stddef.h>
#include <stdint.h>

#include "collector/util/err.h"

struct lua_compiled {
    uint8_t *bytecode; /* with names and line numbers; released with free() */
    size_t bytecode_n;
    size_t stripped_n; /* bytes without them */
    double compile_ns; /* CPU time of compiling the text; the shortest of some runs */
    double undump_ns;  /* CPU time of loading BYTECODE; same */
};

/* Returns 0, or -1 with ERR ("app.lua:3: ..."): it does not compile, or takes too much memory. */
int lua_compile(struct lua_compiled *c, const char *name, const char *text, size_t n,
                struct err *err);
void lua_compiled_release(struct lua_compiled *c);

#endif
