/* collector_entries: where in a copy of Lua its collector begins a step, and where it calls a finalizer.
 *
 * Neither function is exported; probe/collector_calls.h says how they are known.  What is found is tried on a state of the shim's own before anything is believed (collector_check.h).
 *
 * Context: constructor or loader callback; the object is not called. */
#ifndef SHIM_ATTACH_COLLECTOR_ENTRIES_H
#define SHIM_ATTACH_COLLECTOR_ENTRIES_H

#include "shim/attach/lua_symbols.h"

struct collector_entries {
    struct symbol step, finalize; /* address 0: not found */
};

void collector_entries_find(const struct image *im, const struct symbol found[LUA_SYMBOL_N],
                            struct collector_entries *out);

#endif
