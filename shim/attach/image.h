/* image: one loaded object as it lies in memory: where it is, and its dynamic symbols.
 *
 * Valid while the object stays loaded: within dl_iterate_phdr's callback, or the loader's.
 * Context: constructor or loader callback; no allocation, no calls into the object. */
#ifndef SHIM_ATTACH_IMAGE_H
#define SHIM_ATTACH_IMAGE_H

#include <link.h>
#include <stdint.h>

struct image {
    const char *path;      /* "" for the executable */
    uint64_t bias, lo, hi; /* [lo, hi): all its mappings */
    const ElfW(Phdr) * phdr;
    uint32_t phdr_n;
    const ElfW(Dyn) * dynamic; /* NULL: none */
    const ElfW(Sym) * symbols; /* the dynamic symbol table and what belongs to it; may be NULL */
    const char *strings;
    const char *soname; /* NULL: none */
    const uint32_t *gnu_hash, *hash;
    int text_relocations; /* 1: the loader will write to its code */
};

struct symbol {
    uint64_t address, size; /* address 0: not found */
};

/* Fills in where it is; image_read also its dynamic symbols, which the other calls need. */
void image_locate(struct image *im, const struct dl_phdr_info *info);
void image_read(struct image *im, const struct dl_phdr_info *info);

/* The object's own definition of NAME as a function (or, with OBJECT, as data).  Returns 1 if found.
 * Undefined symbols with an address (PLT entries of an executable) are no definitions. */
int image_symbol(const struct image *im, const char *name, int object, struct symbol *out);

/* Finds N names of Lua's among the dynamic symbols of an object in which they are C++ (lua_name.h), one by one; OUT[i] is left
 * alone where address is set already. */
void image_cxx_symbols(const struct image *im, const char *const *names, size_t n,
                       struct symbol *out);

/* 1 if the object asks others for one of the N functions in NAMES, or may: its list of such can not
 * always be told from its dynamic symbols. */
int image_may_import(const struct image *im, const char *const *names, size_t n);

/* The executable segment that holds ADDRESS, or NULL. */
const ElfW(Phdr) * image_text(const struct image *im, uint64_t address);

/* The segment, of any kind, that holds ADDRESS; NULL: none. */
const ElfW(Phdr) * image_segment(const struct image *im, uint64_t address);

/* Its build id; returns the number of bytes, 0 where there is none. */
size_t image_build_id(const struct image *im, const uint8_t **bytes);

/* File permissions of a segment as mprotect wants them. */
int image_protection(const ElfW(Phdr) * segment);

#endif
