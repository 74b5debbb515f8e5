/* adopt: takes a loaded object that holds Lua (or libffi) into coverage, or says why not.
 *
 * Context: constructor, dlopen entry, loader callback; one at a time. */
#ifndef SHIM_ATTACH_ADOPT_H
#define SHIM_ATTACH_ADOPT_H

#include "shim/attach/image.h"

/* Attaches to the Lua of IM.  LATE: it came after start-up, and is not relocated yet. */
void adopt_lua(const struct image *im, int late);
/* The trace is to say of the Lua of IM that it is not covered, and why. */
void adopt_not(const struct image *im, const char *why);

/* Redirects ffi_call where IM is the first to define it. */
void adopt_ffi(const struct image *im, int late);

/* What lay at [lo, hi) is gone. */
void adopt_forget(uint64_t lo, uint64_t hi);

#endif
