/* scratch: memory for a Lua state of the shim's own, which goes with its memory instead of being closed.
 *
 * Context: host threads. */
#ifndef SHIM_ATTACH_SCRATCH_H
#define SHIM_ATTACH_SCRATCH_H

#include <stddef.h>

struct scratch {
    char *at, *end; /* what is free */
    void *mapped;
};

/* Returns 0, or -1: no memory. */
int scratch_open(struct scratch *s);
void scratch_close(struct scratch *s);

/* A lua_Alloc; ud is a struct scratch. */
void *scratch_alloc(void *ud, void *ptr, size_t osize, size_t nsize);

#endif
