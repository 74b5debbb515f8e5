/* observe: how the border-crossing hooks (calls.c) hand over to the span hooks (modules.c,
 * chunks.c) when those want to see a call from begin to end.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_OBSERVE_H
#define SHIM_HOOKS_OBSERVE_H

#include "shim/attach/copy.h"

/* Non-zero while the function of this thread's innermost span (require, say) runs itself, and may
 * call its searchers or its loader next: then hook_lua_callk, hook_lua_pcallk and hook_lua_resume,
 * after counting, call the observed_ variant, which runs the original inside a frame of its own.
 * Calls of chunks (their main functions) always go there.  All others jump to the original. */
extern SHIM_TLS uint32_t observe_calls;

void observed_callk(struct lua_copy *c, lua_State *L, int nargs, int nresults, lua_KContext ctx,
                    lua_KFunction k);
int observed_pcallk(struct lua_copy *c, lua_State *L, int nargs, int nresults, int errfunc,
                    lua_KContext ctx, lua_KFunction k);
int observed_resume(struct lua_copy *c, lua_State *L, lua_State *from, int narg, int *nres);

/* Runs a C function that the span hooks want to see whole (require, dofile); called by the thunk's
 * slow path, which has counted the call, in place of the original for functions whose note `observed`
 * is not 0. Such a function's thunk is kept on its slow path (period 1).
 * Times the call too (sampling_end): every one that loads, a sample of those that do not. */
int observed_function(struct lua_copy *c, lua_State *L, lua_CFunction original, uint32_t index);

/* Told by naming.c whenever a C function gets its name, so that `require` of the package library
 * and `dofile` of the base library can be marked. */
void observe_named(struct lua_copy *c, uint32_t index, const char *module, const char *name);

/* The module being loaded on L's state right now, for naming; "" outside. */
const char *observe_module(struct lua_copy *c, lua_State *L);

/* Told by files.c about a file that was opened (or not) while `observe_files` is set. */
extern SHIM_TLS uint32_t observe_files;
void observe_open(const char *path, int err, uint64_t begin_ns, uint64_t end_ns);

#endif
