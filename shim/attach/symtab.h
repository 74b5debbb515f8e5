/* symtab: symbols from the .symtab of an object's file, for Lua that is linked into a program
 * without being exported.
 *
 * Context: constructor or loader callback; no allocation.  The file is mapped while it is open. */
#ifndef SHIM_ATTACH_SYMTAB_H
#define SHIM_ATTACH_SYMTAB_H

#include "shim/attach/image.h"

struct symtab {
    const uint8_t *file; /* NULL: not open */
    size_t file_n;
    const ElfW(Sym) * symbols;
    size_t symbols_n;
    const char *strings; /* ends with NUL */
    size_t strings_n;
};

/* Opens the file of IM if it has a .symtab and is the very file that is loaded.  Returns 0 or -1. */
int symtab_open(struct symtab *t, const struct image *im);
void symtab_close(struct symtab *t);

/* 1 if the string table holds NAME at all, or a name that it is part of; far quicker than looking through the symbols. */
int symtab_mentions(const struct symtab *t, const char *name);

/* Finds the definitions of N names in one pass; OUT[i] is left alone where address is set
 * already.  A name that is defined twice at different places gets address 0 and
 * size UINT64_MAX. */
void symtab_find(const struct symtab *t, const struct image *im, const char *const *names, size_t n,
                 struct symbol *out);

#endif
