/* page_functions: the functions and frames of a process's part of the page (docs/PAGE.md).
 *
 * A frame is a function and the line of it that ran, as stack trees by line have them. */
#ifndef COLLECTOR_OUTPUT_PAGE_FUNCTIONS_H
#define COLLECTOR_OUTPUT_PAGE_FUNCTIONS_H

#include "collector/analyse/stack_tree.h"
#include "collector/output/page_texts.h"

struct page_function {
    uint32_t kind, label, module, file; /* the latter three: texts */
    uint64_t line;
};
struct page_frame {
    uint32_t function;
    uint64_t line;
};

struct page_functions {
    struct page_texts *texts; /* not owned */
    struct rowset functions;  /* struct page_function, by tree, kind and label */
    struct rowset frames;     /* struct page_frame, by function and line */
};

void page_functions_init(struct page_functions *f, struct page_texts *texts);
void page_functions_release(struct page_functions *f);

/* The numbers of T's frames, in their order, for the caller to free.  TREE: trees of the same number share
 * their functions. */
uint32_t *page_functions_add(struct page_functions *f, const struct stack_tree *t, unsigned tree);

/* The numbers of the functions of T's frames, likewise. */
uint32_t *page_functions_of(struct page_functions *f, const struct stack_tree *t, unsigned tree);

/* Writes the members `functions` and `frames`. */
void page_functions_write(const struct page_functions *f, FILE *out);

#endif
