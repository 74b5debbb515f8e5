/* patch: writes to program code that is in use.
 *
 * Context: constructor or loader callback; other threads may be running the code. */
#ifndef SHIM_ATTACH_PATCH_H
#define SHIM_ATTACH_PATCH_H

#include <stddef.h>
#include <stdint.h>

struct patch {
    uint64_t lo, hi; /* pages that are open */
    int protection;  /* what they had, and get back */
    int fd;          /* /proc/self/mem, where the pages could not be made writable; -1 */
    int open;
    uint64_t copied; /* a bit for each of the first 64 pages: it was written to */
};

/* Makes [lo, hi) writable, by mprotect or through /proc/self/mem.  Returns 0, or -1 where the
 * system allows neither. */
int patch_open(struct patch *t, uint64_t lo, uint64_t hi, int protection);

/* Writes N bytes, N <= 8: all of them or none.  Returns 0 or -1. */
int patch_write(struct patch *t, uint64_t at, const void *bytes, size_t n);

/* Gives the pages back their protection. */
void patch_close(struct patch *t);

#endif
