/* inline_chain: which functions were inlined at an address, and the source lines: from DWARF. */
#ifndef COLLECTOR_SYMBOL_INLINE_CHAIN_H
#define COLLECTOR_SYMBOL_INLINE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "collector/symbol/elf_symbols.h"

struct inline_frame {
    const char *function; /* NULL: it has no name */
    const char *file;     /* "" unknown */
    int line;             /* 0 unknown */
};

struct inline_chain;

/* For the file of E, which must outlive it; NULL where that has no DWARF. */
struct inline_chain *inline_chain_open(const struct elf_symbols *e);
void inline_chain_close(struct inline_chain *c); /* NULL is fine */

/* The functions at ADDRESS, innermost first, the last being the one that all others were inlined into.
 * Returns how many; 0: nothing is known there.  Texts are valid until inline_chain_close. */
size_t inline_chain_at(struct inline_chain *c, uint64_t address, struct inline_frame *out,
                       size_t max);

#endif
