/* module_size: how large the modules of a process are: source, bytecode, both compressed, and what
 * precompiling would save.
 *
 * The trace says how many bytes were read and their hash.  The rest is worked out here from the file, where
 * that still is the one that was loaded; otherwise the module says why it is not known. */
#ifndef COLLECTOR_ANALYSE_MODULE_SIZE_H
#define COLLECTOR_ANALYSE_MODULE_SIZE_H

#include <stddef.h>
#include <stdint.h>

#include "collector/analyse/lua_chunk.h"
#include "collector/analyse/span_tree.h"

struct module_size {
    const struct span_node *node;
    const char *unknown;     /* NULL; or why nothing below is known, in the process's pool */
    int precompiled;         /* 1: what was loaded was bytecode: there is no source */
    const char *invalid;     /* of bytecode: why Lua 5.4 refuses it; NULL */
    uint64_t source_bytes;   /* as read */
    uint64_t source_gzip;    /* the same, compressed (gzip, level 6) */
    uint64_t bytecode_bytes; /* with names and line numbers */
    uint64_t bytecode_gzip;
    uint64_t stripped_bytes; /* without them; 0: not known (precompiled) */
    struct lua_chunk chunk;  /* the bytecode's parts; its `source` is not valid */
    double compile_ns;       /* as the process measured it */
    double saving_ns;        /* of these, by loading bytecode instead: an estimate */
};

struct module_sizes {
    struct module_size *at; /* Lua files and what the host loaded, in order of their spans */
    size_t n, cap;
};

/* Spans that loaded a Lua file. */
void module_sizes_build(struct module_sizes *m, struct process *p, const struct span_tree *t);
void module_sizes_release(struct module_sizes *m);

#endif
