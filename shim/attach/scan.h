/* scan: which objects have come and gone since the last look.
 *
 * Context: constructor, dlopen entry, loader callback; one scan at a time (attach.c sees to it). */
#ifndef SHIM_ATTACH_SCAN_H
#define SHIM_ATTACH_SCAN_H

#include "shim/attach/image.h"

/* Called for an object that was not there at the last scan; it stays loaded during the call. */
typedef void scan_came(void *ctx, const struct image *im);
/* An object that was there at [lo, hi) is gone. */
typedef void scan_went(void *ctx, uint64_t lo, uint64_t hi);

void scan_objects(scan_came *came, scan_went *went, void *ctx);

/* Objects that were not looked at because there are too many; 0: none. */
uint32_t scan_overflow(void);

#endif
