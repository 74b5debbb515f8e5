/* pool: blocks in a list; the newest is being filled.  See pool.h. */
#include "collector/util/pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

enum { BLOCK_BYTES = 64 * 1024 };

struct pool_block {
    struct pool_block *older;
    size_t cap;
    char bytes[];
};

static char *take(struct pool *p, size_t n)
{
    if (!p->block || p->block->cap - p->used < n) {
        size_t cap = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        struct pool_block *b = xmalloc(sizeof *b + cap);
        b->older = p->block;
        b->cap = cap;
        p->block = b;
        p->used = 0;
    }
    char *at = p->block->bytes + p->used;
    p->used += n;
    return at;
}

char *pool_copy(struct pool *p, const void *at, size_t n)
{
    char *copy = take(p, n + 1);
    if (n)
        memcpy(copy, at, n);
    copy[n] = 0;
    return copy;
}

char *pool_format(struct pool *p, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    char *text = take(p, (size_t)(n < 0 ? 0 : n) + 1);
    va_start(ap, format);
    vsnprintf(text, (size_t)(n < 0 ? 0 : n) + 1, format, ap);
    va_end(ap);
    return text;
}

void pool_release(struct pool *p)
{
    while (p->block) {
        struct pool_block *older = p->block->older;
        free(p->block);
        p->block = older;
    }
    p->used = 0;
}
