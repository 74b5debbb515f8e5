/* hooks: the functions to which redirected entries jump; each stands in shim/hooks.
 *
 * A hook has the signature of the function it stands for.  When it is entered, copy_now is the
 * copy of Lua whose function was called; the member of the same name in copy->api runs the
 * original.
 *
 * Context: host threads, at any moment when Lua's API may be called. */
#ifndef SHIM_ATTACH_HOOKS_H
#define SHIM_ATTACH_HOOKS_H

#include "shim/attach/copy.h"

#define HOOK(group, name, ret, params) ret hook_##name params;
#include "probe/lua_api.def"

/* Where the collector's own functions, which are not part of the API, are redirected to (arch/x86_64/collector_entry.S). */
extern SHIM_HIDDEN const char collector_step_entry[], collector_finalize_entry[];

#endif
