/* heap_strict: a malloc family that knows its own blocks and ends the program (status 66) when it is
 * given anything else, or a block twice.  Blocks are never reused.  Included once, by a program or a
 * library that is to bring its own malloc. */
#ifndef TESTS_HOSTS_HEAP_STRICT_H
#define TESTS_HOSTS_HEAP_STRICT_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STRICT_LIVE = 0x5a17e, STRICT_FREED = 0xdead };
static const size_t strict_room = (size_t)1 << 32;

struct strict_head {
    uint64_t state, bytes;
};

static _Atomic uintptr_t strict_next;

static uintptr_t strict_begin(void)
{
    void *p = mmap(NULL, strict_room, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uintptr_t none = 0;
    if (p == MAP_FAILED)
        _exit(67);
    if (!__atomic_compare_exchange_n((uintptr_t *)&strict_next, &none, (uintptr_t)p, 0,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        munmap(p, strict_room);
    return strict_next;
}

static void *strict_new(size_t align, size_t n)
{
    if (n > strict_room / 2) {
        errno = ENOMEM;
        return NULL;
    }
    if (strict_next == 0)
        strict_begin();
    uintptr_t at =
        __atomic_fetch_add((uintptr_t *)&strict_next, n + 2 * align + 32, __ATOMIC_SEQ_CST);
    at = (at + sizeof(struct strict_head) + align - 1) & ~(uintptr_t)(align - 1);
    struct strict_head *h = (struct strict_head *)at - 1;
    h->state = STRICT_LIVE;
    h->bytes = n;
    return (void *)at;
}

static struct strict_head *strict_head(void *p)
{
    struct strict_head *h = (struct strict_head *)p - 1;
    if (h->state != STRICT_LIVE) {
        static const char words[] = "not a block of this allocator\n";
        (void)!write(2, words, sizeof words - 1);
        _exit(66);
    }
    return h;
}

void *malloc(size_t n)
{
    return strict_new(16, n);
}

void *calloc(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        bytes = SIZE_MAX;
    return strict_new(16, bytes); /* fresh pages are zero */
}

/* Not by its public name, which leads to whoever is in front. */
static void strict_free(void *p)
{
    if (p)
        strict_head(p)->state = STRICT_FREED;
}

void free(void *p)
{
    strict_free(p);
}

void *realloc(void *p, size_t n)
{
    size_t had = p ? strict_head(p)->bytes : 0;
    void *q = p && n == 0 ? NULL : strict_new(16, n);
    if (q && p)
        memcpy(q, p, had < n ? had : n);
    if (q || n == 0)
        strict_free(p);
    return q;
}

int posix_memalign(void **out, size_t align, size_t n)
{
    void *p = strict_new(align < 16 ? 16 : align, n);
    if (p)
        *out = p;
    return p ? 0 : ENOMEM;
}

void *aligned_alloc(size_t align, size_t n)
{
    return strict_new(align < 16 ? 16 : align, n);
}

void *memalign(size_t align, size_t n)
{
    return strict_new(align < 16 ? 16 : align, n);
}

void *valloc(size_t n)
{
    return strict_new(4096, n);
}

void *pvalloc(size_t n)
{
    return strict_new(4096, (n + 4095) & ~(size_t)4095);
}

size_t malloc_usable_size(void *p)
{
    return p ? strict_head(p)->bytes : 0;
}

#endif
