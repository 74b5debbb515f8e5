/* chunk_origin: who compiles a chunk: the host, require, dofile, load, another C function.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_CHUNK_ORIGIN_H
#define SHIM_HOOKS_CHUNK_ORIGIN_H

#include "shim/hooks/spans.h"

/* What the C function at INDEX compiles is of this origin. */
void chunk_origin_set(uint32_t index, enum chunk_origin origin);

/* Origin of what L compiles now; S: the innermost open span, or NULL. */
enum chunk_origin chunk_origin_of(const struct lua_copy *c, lua_State *L, const struct span *s,
                                  int is_file);

#endif
