/* xalloc: memory that is always given: the program ends with a sentence where there is none.
 * Everything returned is released with free(). */
#ifndef COLLECTOR_UTIL_XALLOC_H
#define COLLECTOR_UTIL_XALLOC_H

#include <stddef.h>

/* P; where it is NULL the program ends with "out of memory". */
void *xgiven(void *p);
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t each); /* zeroed */
void *xrealloc(void *p, size_t n, size_t each);
char *xstrdup(const char *z);
char *xstrndup(const char *at, size_t n); /* copies N bytes and adds a NUL */
char *xformat(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for one more: returns ARRAY, perhaps moved, with *CAP > N elements of EACH bytes. */
void *xgrow(void *array, size_t n, size_t *cap, size_t each);

#endif
