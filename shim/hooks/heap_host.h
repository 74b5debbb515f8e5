/* heap_host: requests passed on to the host's own allocator, and what is known of it.
 *
 * Context: host threads, within a request of Lua's. */
#ifndef SHIM_HOOKS_HEAP_HOST_H
#define SHIM_HOOKS_HEAP_HOST_H

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/hooks/heap.h"

/* Passes the request on as it came. */
static inline void *heap_host_call(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    lua_Alloc f = (lua_Alloc)(uintptr_t)s->host_alloc;
    heap_inside = stack_now();
    void *p = f((void *)(uintptr_t)s->host_ud, ptr, osize, nsize);
    heap_inside = 0;
    return p;
}

/* 1: the host's allocator is proven to be nothing but realloc and free.  Both must have been called (and so
 * are bound) by now, or the answer may be no. */
int heap_host_is_plain(const struct arena_state *s);
/* 1: it is one for which that was proven before. */
int heap_host_known_plain(const struct arena_state *s);

#endif
