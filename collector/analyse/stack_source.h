/* stack_source: the text of a Lua file that ran, line by line, where it is still to be had.
 *
 * A text is taken only from a regular file of bounded size that has not changed since the process
 * began, by its dates or by the hash of what was loaded from it.  Each file is read at most once. */
#ifndef COLLECTOR_ANALYSE_STACK_SOURCE_H
#define COLLECTOR_ANALYSE_STACK_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "collector/model/model.h"

struct stack_source {
    char *path;        /* as the chunk name has it, without @ */
    char *text;        /* NULL: can not be read, or changed since */
    uint32_t *line_at; /* offset of each line; [line_n] is the end */
    uint32_t line_n;
    int changed; /* 1: another text stands there now, or may */
};

struct stack_sources {
    struct stack_source **at;
    size_t n, cap;
};

/* The path that a chunk name is: behind @, or all of it where it begins with a slash, as no text in Lua does (some hosts leave the @
 * out).  NULL: it is none. */
const char *stack_source_path(const char *chunk_name);

/* The source of a chunk name that is a path; NULL for other chunk names. */
const struct stack_source *stack_source_of(struct stack_sources *s, const struct process *p,
                                           struct text chunk_name);
void stack_sources_release(struct stack_sources *s);

/* Line NUMBER (from 1), not NUL-terminated, without its line end; *N bytes.  NULL: no such line. */
const char *stack_source_line(const struct stack_source *s, uint64_t number, size_t *n);

#endif
