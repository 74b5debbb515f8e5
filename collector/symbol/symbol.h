/* symbol: names of functions by object file and link-time address.
 *
 * A name is given only where the file is the one that was loaded (same build-id; where none is known: not
 * newer than the process) and a symbol of it covers the address; a wrong name is worse than none.  Symbols
 * come from .symtab and .dynsym, and from a separate debug file of the same build, which may be there though
 * the file itself is not.  Each file is read at most once, when it is first asked for. */
#ifndef COLLECTOR_SYMBOL_SYMBOL_H
#define COLLECTOR_SYMBOL_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

#include "collector/symbol/inline_chain.h"

enum symbol_file {
    SYMBOL_FILE_READ = 0,
    SYMBOL_FILE_MISSING = 1, /* no such file, or not an ELF file */
    SYMBOL_FILE_CHANGED = 2  /* another build than the one that ran */
};

struct symbols; /* the files read so far */

/* Looks for debug files also in the folders of $MODPROF_DEBUG_DIR (separated by colons). */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *s); /* NULL is fine */

/* To be called before the first question: one more folder; servers of debuginfod. */
void symbols_debug_dir(struct symbols *s, const char *dir);
void symbols_debuginfod(struct symbols *s);

/* Name of the function at ADDRESS (run-time address minus bias) of the object file at PATH with
 * this build-id (N may be 0: not known; then the file must not be newer than SINCE_REAL_NS, where that is
 * not 0).  NULL: no symbol covers it.  *FILE (may be NULL) tells what was found at PATH.  Valid until
 * symbols_free. */
struct symbol_query {
    const char *path;
    const uint8_t *build_id;
    size_t build_id_n;
    uint64_t address;
    uint64_t since_real_ns;
};
const char *symbol_name(struct symbols *s, const struct symbol_query *q, enum symbol_file *file);
/* Same, and the address where the function begins to *FROM. */
const char *symbol_name_from(struct symbols *s, const struct symbol_query *q, uint64_t *from,
                             enum symbol_file *file);

/* What DWARF says about the address (inline_chain.h): the functions that were inlined there, the one that holds
 * them, and their lines.  0: nothing is known. */
size_t symbol_inlines(struct symbols *s, const struct symbol_query *q, struct inline_frame *out,
                      size_t max);

#endif
