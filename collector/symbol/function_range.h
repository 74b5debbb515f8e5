/* function_range: where a function of an ELF file ends, by .eh_frame_hdr.
 *
 * Context: collector. */
#ifndef COLLECTOR_SYMBOL_FUNCTION_RANGE_H
#define COLLECTOR_SYMBOL_FUNCTION_RANGE_H

#include <gelf.h>
#include <stdint.h>

/* The link-time address at which the function after the one that begins at BEGIN does.  Returns 0; -1: none begins there, or
 * none follows. */
int function_range_end(Elf *elf, uint64_t begin, uint64_t *end);

#endif
