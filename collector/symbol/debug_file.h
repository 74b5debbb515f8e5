/* debug_file: where the symbols and lines of a stripped file may be: separate debug files.
 *
 * Looked for, in this order: `.build-id/ab/cdef....debug` in each of DIRS and in /usr/lib/debug; the name in the
 * file's `.gnu_debuglink`, beside it, in `.debug/` there, and below each of the folders; the servers of
 * $DEBUGINFOD_URLS, where that is asked for.  A file counts only where its build-id (or, without one, its
 * checksum) is the right one. */
#ifndef COLLECTOR_SYMBOL_DEBUG_FILE_H
#define COLLECTOR_SYMBOL_DEBUG_FILE_H

#include "collector/symbol/elf_symbols.h"

struct debug_search {
    char **dir;
    size_t dir_n, dir_cap;
    int debuginfod; /* 1: ask servers */
};

struct debug_wanted {
    const char *path; /* of the file itself, whether it is there or not */
    const uint8_t *build_id;
    size_t build_id_n;             /* 0: not known */
    const struct elf_symbols *own; /* the file itself; NULL: it is not there, or another one */
};

/* The debug file, or NULL. */
struct elf_symbols *debug_file_find(const struct debug_search *s, const struct debug_wanted *w);

/* Path of the debug information of this build-id from $DEBUGINFOD_URLS (in the cache of its library), freed by the
 * caller; NULL: there is none, or the library is not there (debuginfod_fetch.c). */
char *debuginfod_fetch(const uint8_t *build_id, size_t n);

#endif
