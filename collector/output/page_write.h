/* page_write: small pieces of JSON for documents too large to build in memory: members that begin
 * with a comma, and columns of integers (docs/PAGE.md). */
#ifndef COLLECTOR_OUTPUT_PAGE_WRITE_H
#define COLLECTOR_OUTPUT_PAGE_WRITE_H

#include <stdint.h>
#include <stdio.h>

/* Each writes `,"NAME":` and its value; page_key only the former. */
void page_key(FILE *out, const char *name);
void page_put_text(FILE *out, const char *name, const char *text);
void page_put_u64(FILE *out, const char *name, uint64_t v);
void page_put_bool(FILE *out, const char *name, int v);

/* TEXT as a JSON string; bytes that are no UTF-8 become U+FFFD. */
void page_text(FILE *out, const char *text);

/* A column; where its name ends in _d, differences are written. */
struct page_column {
    FILE *out;
    int64_t last;
    int n, is_delta;
};
/* FIRST 1: no comma before it. */
void page_column_begin(struct page_column *c, FILE *out, const char *name, int first);
void page_column_put(struct page_column *c, int64_t v);
void page_column_end(struct page_column *c);

#endif
