/* heap: Lua states and their allocator.
 *
 * lua_newstate gets the wrapper heap_alloc with a state_handle as its ud, which leads to a struct arena_state; the host's own pair
 * stands in that struct.  lua_getallocf returns the host's pair, lua_setallocf replaces it.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_HEAP_H
#define SHIM_HOOKS_HEAP_H

#include "shim/attach/copy.h"
#include "shim/record/record_api.h"

/* The counters of L's state, or NULL where it is not wrapped (table full, created before attach). */
struct arena_state *heap_state(struct lua_copy *c, lua_State *L);

/* Stack pointer of the running heap_alloc while the host's allocator runs for Lua on this thread:
 * C allocations made from deeper on the stack are then Lua's.  0 outside.  An allocator that is left
 * by an exception leaves a stale value; whoever finds himself above it clears it. */
extern SHIM_HIDDEN SHIM_TLS uintptr_t heap_inside;

/* The code at [lo, hi) is gone: what was found of allocators there is forgotten. */
void heap_forget(uint64_t lo, uint64_t hi);

/* S has ended: its last record is written, its slot is free. */
void heap_state_ended(struct arena_state *s, uint64_t now);

/* What S's copy of Lua is given: heap_alloc, or what that would only pass the request on to. */
lua_Alloc heap_allocator(const struct arena_state *s);

void *heap_alloc(void *ud, void *ptr, size_t osize, size_t nsize); /* UD: a state_handle */

static inline struct arena_state *heap_state_now(const struct state_handle *h)
{
    return atomic_load_explicit(&h->state, memory_order_relaxed);
}

/* A request of a state that has ended, and whose memory the host put back: passed on to the host's allocator. */
void *heap_ended_request(struct state_handle *h, void *ptr, size_t osize, size_t nsize);

#endif
