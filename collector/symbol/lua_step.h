/* lua_step: where the collector's step function lies in a Lua without symbols.
 *
 * Lua's API is exported even where nothing else has a name.  The one function that lua_gc and
 * all that makes objects call is luaC_step; its end is where .eh_frame_hdr has the next function. */
#ifndef COLLECTOR_SYMBOL_LUA_STEP_H
#define COLLECTOR_SYMBOL_LUA_STEP_H

#include <stddef.h>
#include <stdint.h>

/* Link-time addresses to *LO and *HI.  Returns 0; -1 where PATH is not the file of this build-id (N may be
 * 0: not checked), or the function can not be told for certain. */
int lua_step_find(const char *path, const uint8_t *build_id, size_t n, uint64_t *lo, uint64_t *hi);

#endif
