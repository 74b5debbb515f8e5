/* elf_symbols: the function symbols of one ELF file, by address. */
#ifndef COLLECTOR_SYMBOL_ELF_SYMBOLS_H
#define COLLECTOR_SYMBOL_ELF_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct elf_symbols;

/* NULL where PATH is no readable ELF file. */
struct elf_symbols *elf_symbols_open(const char *path);
void elf_symbols_close(struct elf_symbols *e); /* NULL is fine */

/* Its build-id; *N is 0 where it has none. */
const uint8_t *elf_symbols_build_id(const struct elf_symbols *e, size_t *n);

/* 1 where it has a .symtab and not only the exported names. */
int elf_symbols_full(const struct elf_symbols *e);

/* 1 where it has DWARF. */
int elf_symbols_has_lines(const struct elf_symbols *e);
/* Name and checksum that its .gnu_debuglink tells, or NULL. */
const char *elf_symbols_debug_link(const struct elf_symbols *e, uint32_t *checksum);
/* For libdw: libelf's handle of the file. */
struct Elf;
struct Elf *elf_symbols_elf(const struct elf_symbols *e);

/* Name of the function whose [value, value + size) holds ADDRESS, or NULL.  Global names come
 * before local aliases. */
const char *elf_symbols_find(const struct elf_symbols *e, uint64_t address);
/* Same, and where it begins to *FROM. */
const char *elf_symbols_find_from(const struct elf_symbols *e, uint64_t address, uint64_t *from);

#endif
