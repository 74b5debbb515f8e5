/* detour: the few instructions between a redirected entry and its hook.
 *
 * Context: constructor or loader callback. */
#ifndef SHIM_ATTACH_ARCH_X86_64_DETOUR_H
#define SHIM_ATTACH_ARCH_X86_64_DETOUR_H

#include <stddef.h>
#include <stdint.h>

enum { DETOUR_BYTES = 40, JUMP_BYTES = 5 };

/* Code at AT: copy_now = COPY (left alone where COPY is NULL), jump to HOOK.  Changes %r11 only. */
void detour_write(uint8_t *at, const void *copy, const void *hook);

/* The 5-byte jump to TO that stands at AT.  Returns 0, or -1: out of reach. */
int detour_jump(uint8_t jump[JUMP_BYTES], uint64_t at, uint64_t to);

#endif
