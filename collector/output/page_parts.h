/* page_parts: what the files that write a process's part of the page share (docs/PAGE.md).  Each
 * writes whole members of it, with their commas. */
#ifndef COLLECTOR_OUTPUT_PAGE_PARTS_H
#define COLLECTOR_OUTPUT_PAGE_PARTS_H

#include <stdio.h>

#include "collector/analyse/digest.h"
#include "collector/analyse/stack_rows.h"
#include "collector/analyse/stack_order.h"
#include "collector/output/page_functions.h"
#include "collector/output/page_json.h"
#include "collector/output/page_texts.h"

/* Its number among the trees: that of the samples. */
enum { PAGE_TREE_CODE };

/* A process while its part is being written. */
struct page_process {
    struct digest *digest;
    struct process *process; /* the digest's */
    struct page_texts texts;
    struct page_functions functions;
    struct stack_union code;  /* metrics that have lines, and samples */
    struct stack_order order; /* of code's tree */
    struct stack_row *row;    /* by sample row; NULL: there are no samples */
    struct sentences pruned;
    const struct page_options *options;
    FILE *out;
};

/* Fills in code, order and row. */
void page_code_build(struct page_process *p);
void page_trees(struct page_process *p);
void page_samples(struct page_process *p);
void page_memory(struct page_process *p);
void page_sources(struct page_process *p);

/* Adds a sentence to those about what is left out. */
void page_prune_say(struct page_process *p, char *sentence);

#endif
