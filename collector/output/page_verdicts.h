/* page_verdicts: verdicts that `modprof check --format json` gave, taken into a page as they are. */
#ifndef COLLECTOR_OUTPUT_PAGE_VERDICTS_H
#define COLLECTOR_OUTPUT_PAGE_VERDICTS_H

#include <stdio.h>

#include "collector/util/err.h"

struct page_verdicts;

/* Reads the file at PATH.  NULL with ERR where it can not be read, or holds something else. */
struct page_verdicts *page_verdicts_read(const char *path, struct err *err);
void page_verdicts_write(const struct page_verdicts *v, FILE *out);
void page_verdicts_free(struct page_verdicts *v); /* NULL is fine */

#endif
