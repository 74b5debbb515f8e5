/* page_html: the page itself: the viewer's bundle with the document in it, or with its URL. */
#ifndef COLLECTOR_OUTPUT_PAGE_HTML_H
#define COLLECTOR_OUTPUT_PAGE_HTML_H

#include "collector/output/page_json.h"
#include "collector/util/err.h"

/* 0 where this program was built with the viewer; else -1 with ERR. */
int page_html_check(struct err *err);

/* One file with everything in it.  What could not be written shows in ferror(OUT). */
void page_html_file(const struct page *p, FILE *out);
/* The page for a server that has the document at URL, relative to the page. */
void page_html_served(const char *url, FILE *out);

/* What the bundle's Content-Security-Policy says; *N bytes.  NULL: it has none. */
const char *page_html_policy(size_t *n);

#endif
