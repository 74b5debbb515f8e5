/* scratch: see scratch.h. */
#include "shim/attach/scratch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

enum { BYTES = 256 * 1024, SURE_BYTES = 24 * 1024 };

/* What each state touches for sure is asked for at once: a fault for each page would take twice as long. */
int scratch_open(struct scratch *s)
{
    void *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return -1;
    int saved = errno;
    madvise(p, SURE_BYTES, MADV_POPULATE_WRITE);
    errno = saved;
    *s = (struct scratch){p, (char *)p + BYTES, p};
    return 0;
}

void scratch_close(struct scratch *s)
{
    munmap(s->mapped, BYTES);
}

void *scratch_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct scratch *s = ud;
    if (nsize == 0)
        return NULL;
    if (ptr != NULL && nsize <= osize)
        return ptr;
    size_t bytes = (nsize + 15) & ~(size_t)15;
    if (bytes > (size_t)(s->end - s->at))
        return NULL;
    char *p = s->at;
    s->at += bytes;
    if (ptr != NULL)
        memcpy(p, ptr, osize);
    return p;
}
