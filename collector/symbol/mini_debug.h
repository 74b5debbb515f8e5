/* mini_debug: the names that some distributions leave in stripped files: an ELF file of symbols only, packed by xz, in a section of
 * its own (.gnu_debugdata). */
#ifndef COLLECTOR_SYMBOL_MINI_DEBUG_H
#define COLLECTOR_SYMBOL_MINI_DEBUG_H

#include <stddef.h>

#define MINI_DEBUG_SECTION ".gnu_debugdata"

/* Unpacks N bytes at PACKED.  Returns *OUT_N bytes, released with free(); NULL: they are damaged, or hold more than 64 MiB. */
char *mini_debug_unpack(const void *packed, size_t n, size_t *out_n);

#endif
