/* stack_names: what a Lua programmer would call a function, from its file and line.
 *
 * In: a proto record, the source text where it can be read, the spans that loaded modules.  Out:
 * `module.function`, `Class:method`, `name (module)` for local and global functions, `main chunk`s by
 * their module or file, `file.lua:12` where the text does not tell. */
#ifndef COLLECTOR_ANALYSE_STACK_NAMES_H
#define COLLECTOR_ANALYSE_STACK_NAMES_H

#include "collector/analyse/stack_source.h"
#include "collector/model/model.h"

struct stack_names {
    struct process *process;
    struct stack_sources sources;
    struct rowset modules; /* struct module_file, by hash of the file's name */
};

void stack_names_init(struct stack_names *n, struct process *p);
void stack_names_release(struct stack_names *n);

/* Each is fit for people and stands in the process's pool. */
const char *stack_name(struct stack_names *n, const struct rec_proto *r);   /* the function */
const char *stack_module(struct stack_names *n, const struct rec_proto *r); /* module, or file */
const char *stack_file(struct stack_names *n, const struct rec_proto *r);   /* chunk's name */
/* "file.lua" of "/some/where/file.lua"; the whole of other chunk names. */
const char *stack_file_short(const char *file);

/* The name that LINE (N bytes) gives to the one function that is defined in it, to OUT ("M.name",
 * "Class:method", "name"); *IS_LOCAL where it is a local one.  Returns 0; -1 where it names none, or
 * more than one begins there. */
enum { STACK_NAME_MAX = 128 };
int stack_name_in_line(const char *line, size_t n, char out[STACK_NAME_MAX], int *is_local);

#endif
