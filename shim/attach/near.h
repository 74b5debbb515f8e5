/* near: memory for code within reach of a 32-bit jump from an object's code.
 *
 * Context: constructor or loader callback. Never writable and executable at once. */
#ifndef SHIM_ATTACH_NEAR_H
#define SHIM_ATTACH_NEAR_H

#include <stddef.h>
#include <stdint.h>

/* N bytes (whole pages), readable and writable, within reach of all of [lo, hi); NULL: none. */
void *near_map(uint64_t lo, uint64_t hi, size_t n);
/* Makes it executable, or writable again.  Return 0 or -1 where the system does not allow it. */
int near_seal(void *p, size_t n);
int near_unseal(void *p, size_t n);
void near_unmap(void *p, size_t n);

/* 1 where all of [lo, hi) is within reach of [p, p + n). */
int near_reaches(const void *p, size_t n, uint64_t lo, uint64_t hi);

#endif
