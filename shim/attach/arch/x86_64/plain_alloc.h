/* plain_alloc: is this allocator function nothing but realloc and free?
 *
 * Nearly every host of Lua uses the allocator of luaL_newstate: free(ptr) and NULL where the new
 * size is 0, else realloc(ptr, nsize).  Where that is proven from the function's code, its calls
 * can be made directly.
 *
 * The proof follows the code once with the new size taken as zero and once as not zero, keeping
 * track of what each register holds.  Every instruction must be one of the few that are understood;
 * memory may be touched only by push, pop, call and return; nothing but the two functions may be
 * called. Anything else, a breakpoint included, and the answer is no.
 *
 * Context: host threads.  Reads code of loaded objects only. */
#ifndef SHIM_ATTACH_ARCH_X86_64_PLAIN_ALLOC_H
#define SHIM_ATTACH_ARCH_X86_64_PLAIN_ALLOC_H

#include <stddef.h>

struct plain_alloc_targets {
    const void *realloc, *free;
    /* Non-zero where the 16 bytes at ADDRESS may be read. */
    int (*readable)(const void *address);
};

/* 1: proven; 0: not. */
int plain_alloc_is(const void *function, const struct plain_alloc_targets *t);

#endif
