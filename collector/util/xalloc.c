/* xalloc: see xalloc.h. */
#include "collector/util/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/err.h"

void *xgiven(void *p)
{
    if (!p) {
        fputs("modprof: out of memory\n", stderr);
        exit(EXIT_ERROR);
    }
    return p;
}

void *xmalloc(size_t n)
{
    return xgiven(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t each)
{
    return xgiven(calloc(n ? n : 1, each ? each : 1));
}

void *xrealloc(void *p, size_t n, size_t each)
{
    return xgiven(reallocarray(p, n ? n : 1, each ? each : 1));
}

char *xstrndup(const char *at, size_t n)
{
    char *copy = xmalloc(n + 1);
    if (n)
        memcpy(copy, at, n);
    copy[n] = 0;
    return copy;
}

char *xstrdup(const char *z)
{
    return xstrndup(z, strlen(z));
}

char *xformat(const char *format, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    return xgiven(n < 0 ? NULL : text);
}

void *xgrow(void *array, size_t n, size_t *cap, size_t each)
{
    if (n < *cap)
        return array;
    *cap = *cap ? *cap * 2 : 8;
    return xrealloc(array, *cap, each);
}
