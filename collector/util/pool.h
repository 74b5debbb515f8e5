/* pool: many small pieces of memory that live and die together. */
#ifndef COLLECTOR_UTIL_POOL_H
#define COLLECTOR_UTIL_POOL_H

#include <stddef.h>

struct pool {
    struct pool_block *block; /* newest; zero-initialised: empty */
    size_t used;              /* of the newest block */
};

/* A copy of N bytes at AT with a NUL behind; lives until pool_release. */
char *pool_copy(struct pool *p, const void *at, size_t n);
char *pool_format(struct pool *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pool_release(struct pool *p);

#endif
