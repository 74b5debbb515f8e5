/* lua_name: what a function of Lua's is called in a symbol table.
 *
 * Lua that was compiled as C++ without `extern "C"` has names with the types of parameters behind them:
 * _Z9lua_closeP9lua_State.  None of Lua's functions is overloaded, so its own name is enough.
 *
 * Context: any; pure. */
#ifndef PROBE_LUA_NAME_H
#define PROBE_LUA_NAME_H

#include <stddef.h>

/* What lua_newstate is called then, on x86-64: to be looked for in hash tables. */
#define LUA_NAME_CXX_NEWSTATE "_Z12lua_newstatePFPvS_S_mmES_"

/* 1 where SYMBOL is the function or variable NAME. */
int lua_name_is(const char *symbol, const char *name);

/* 1 where SYMBOL may be something of Lua's at all; quick. */
int lua_name_begins(const char *symbol);

#endif
