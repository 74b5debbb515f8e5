/* pages: the arena's page bits, and how pages are provided.  See pages.h. */
#include "shim/record/pages.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

enum { WORD_BITS = 64, WORDS_N = PAGES_N / WORD_BITS + 1 };

static _Atomic uint64_t held[WORDS_N];

static int is_held(size_t page)
{
    uint64_t word = atomic_load_explicit(&held[page / WORD_BITS], memory_order_acquire);
    return (int)(word >> (page % WORD_BITS) & 1);
}

int pages_held(size_t from, size_t to)
{
    for (size_t p = from; p < to; p++)
        if (!is_held(p))
            return 0;
    return 1;
}

void pages_hold(size_t from, size_t to)
{
    for (size_t p = from; p < to; p++)
        atomic_fetch_or(&held[p / WORD_BITS], UINT64_C(1) << (p % WORD_BITS));
}

size_t pages_held_n(void)
{
    size_t n = 0;
    for (size_t i = 0; i < WORDS_N; i++)
        n += (size_t)__builtin_popcountll(atomic_load(&held[i]));
    return n;
}

int pages_run(size_t *from, size_t *to)
{
    size_t p = *from;
    while (p < PAGES_N && !is_held(p))
        p++;
    *from = p;
    while (p < PAGES_N && is_held(p))
        p++;
    *to = p;
    return *to > *from;
}

/* For kernels without MADV_POPULATE_WRITE.  A futex operation that adds nothing to a word makes the
 * kernel itself write to the page, and what would be a signal to us is an error to it. */
static int provide_one(uint32_t *word)
{
    static uint32_t unused;
    long r = syscall(SYS_futex, &unused, FUTEX_WAKE_OP_PRIVATE, 0, 0, word,
                     FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0));
    return r < 0 ? -1 : 0;
}

int pages_provide(void *at, size_t n)
{
    if (madvise(at, n, MADV_POPULATE_WRITE) == 0)
        return 0;
    if (errno != EINVAL)
        return -1;
    for (size_t i = 0; i < n; i += PAGE_BYTES)
        if (provide_one((uint32_t *)(void *)((char *)at + i)))
            return -1;
    return 0;
}
