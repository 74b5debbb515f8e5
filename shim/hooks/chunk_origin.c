/* chunk_origin: who compiles a chunk.
 *
 * A C function that was never registered under a name (stock lua's pmain, which does everything
 * there) is taken for the host itself.
 *
 * Context: host threads. */
#include "shim/hooks/chunk_origin.h"

#include "shim/attach/thunk.h"
#include "shim/hooks/function_notes.h"

void chunk_origin_set(uint32_t index, enum chunk_origin origin)
{
    function_notes[index].origin = (uint8_t)origin;
}

static enum chunk_origin origin_of_running(const struct lua_copy *c, lua_State *L,
                                           enum chunk_origin host)
{
    int index = thunk_index((const void *)layout_running_c(c, L));
    if (index < 0)
        return host;
    if (function_notes[index].origin)
        return (enum chunk_origin)function_notes[index].origin;
    return atomic_load_explicit(&arena->functions[index].name, memory_order_relaxed)
               ? CHUNK_C_MODULE
               : host;
}

enum chunk_origin chunk_origin_of(const struct lua_copy *c, lua_State *L, const struct span *s,
                                  int is_file)
{
    if (span_loads(s) && s->kind == SPAN_REQUIRE)
        return CHUNK_REQUIRE;
    if (span_loads(s) && s->kind == SPAN_DOFILE)
        return CHUNK_DOFILE;
    return origin_of_running(c, L, is_file ? CHUNK_FILE : CHUNK_HOST);
}
