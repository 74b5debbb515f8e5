/* symbol: names of functions by object file and link-time address.
 *
 * A name is given only where the file is the one that was loaded (same build-id) and a symbol of
 * it covers the address; a wrong name is worse than none.  Each file is read at most once, when it is
 * first asked for. */
#ifndef COLLECTOR_SYMBOL_SYMBOL_H
#define COLLECTOR_SYMBOL_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

enum symbol_file {
    SYMBOL_FILE_READ = 0,
    SYMBOL_FILE_MISSING = 1, /* no such file, or not an ELF file */
    SYMBOL_FILE_CHANGED = 2  /* another build than the one that ran */
};

struct symbols; /* the files read so far */

struct symbols *symbols_new(void);
void symbols_free(struct symbols *s); /* NULL is fine */

/* Name of the function at ADDRESS (run-time address minus bias) of the object file at PATH with
 * this build-id (N may be 0: not known, then not checked).  NULL: no symbol covers it.  *FILE
 * (may be NULL) tells what was found at PATH. Valid until symbols_free. */
struct symbol_query {
    const char *path;
    const uint8_t *build_id;
    size_t build_id_n;
    uint64_t address;
};
const char *symbol_name(struct symbols *s, const struct symbol_query *q, enum symbol_file *file);
/* Same, and the address where the function begins to *FROM. */
const char *symbol_name_from(struct symbols *s, const struct symbol_query *q, uint64_t *from,
                             enum symbol_file *file);

#endif
