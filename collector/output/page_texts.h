/* page_texts: the texts of a process's part of the page, each once. */
#ifndef COLLECTOR_OUTPUT_PAGE_TEXTS_H
#define COLLECTOR_OUTPUT_PAGE_TEXTS_H

#include <stdio.h>

#include "collector/util/rowset.h"

struct page_texts {
    struct rowset numbers; /* uint32_t + 1, by hash */
    const char **at;       /* not owned; [0] is "" */
    size_t n, cap;
};

void page_texts_init(struct page_texts *t);
void page_texts_release(struct page_texts *t);
/* The number of TEXT, which stays valid as long as T. */
uint32_t page_texts_number(struct page_texts *t, const char *text);
/* Writes them as an array. */
void page_texts_write(const struct page_texts *t, FILE *out);

#endif
