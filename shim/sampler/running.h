/* running: which Lua state runs on this thread, for the sampler.
 *
 * While samples are taken, lua_callk, lua_pcallk, lua_resume and lua_close of a copy go through
 * wrappers (in struct lua_api, behind the hooks), which note the state and take it back. Errors leave
 * them by longjmp: the protected call or resume that catches the error takes the state back.
 *
 * Context: host threads write; signal handlers on the same thread read. */
#ifndef SHIM_SAMPLER_RUNNING_H
#define SHIM_SAMPLER_RUNNING_H

#include "shim/attach/copy.h"

/* A coroutine that runs, and who resumed it; on the C stack of the wrapper. */
struct running_resume {
    lua_State *L, *from; /* from: NULL where the host resumed it */
    struct running_resume *outer;
};

/* The state (or coroutine) whose code runs, or that C code called by it last used; NULL: none. */
extern SHIM_HIDDEN SHIM_TLS lua_State *running_lua;
extern SHIM_HIDDEN SHIM_TLS struct running_resume *running_resumes;

/* Puts the wrappers in place; once per copy. */
void running_watch(struct lua_copy *c);

#endif
