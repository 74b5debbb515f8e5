/* patch: writes to program code.  See patch.h. */
#include "shim/attach/patch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

static const uint64_t PAGE = 4096;

int patch_open(struct patch *t, uint64_t lo, uint64_t hi, int protection)
{
    t->lo = lo & ~(PAGE - 1);
    t->hi = (hi + PAGE - 1) & ~(PAGE - 1);
    t->protection = protection;
    t->fd = -1;
    t->copied = 0;
    /* Stays executable meanwhile: other threads may be in it. */
    if (mprotect((void *)(uintptr_t)t->lo, t->hi - t->lo, PROT_READ | PROT_WRITE | PROT_EXEC) !=
        0) {
        t->fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
        if (t->fd < 0)
            return -1;
    }
    t->open = 1;
    return 0;
}

/* One store where the bytes lie within an aligned word (entries are aligned, so they nearly always
 * do): a thread that comes along runs either the old code or the new. */
static void store(uint64_t at, const void *bytes, size_t n)
{
    uint64_t word_at = at & ~UINT64_C(7), word;
    if (at + n > word_at + 8) {
        memcpy((void *)(uintptr_t)at, bytes, n);
        return;
    }
    memcpy(&word, (void *)(uintptr_t)word_at, 8);
    memcpy((char *)&word + (at - word_at), bytes, n);
    __atomic_store_n((uint64_t *)(uintptr_t)word_at, word, __ATOMIC_SEQ_CST);
}

/* The first write to a page has it copied: where the kernel is asked for that, it need not be interrupted for it, which a
 * virtual machine takes 20 us for.  What it can not do is left to the write. */
static void copy_page(struct patch *t, uint64_t at)
{
    uint64_t i = (at - t->lo) / PAGE, bit = i < 64 ? UINT64_C(1) << i : 0;
    if (bit != 0 && !(t->copied & bit))
        madvise((void *)(uintptr_t)(at & ~(PAGE - 1)), PAGE, MADV_POPULATE_WRITE);
    t->copied |= bit;
}

static int write_through(const struct patch *t, uint64_t at, const void *bytes, size_t n)
{
    uint8_t old[8];
    memcpy(old, (const void *)(uintptr_t)at, n);
    ssize_t written = pwrite(t->fd, bytes, n, (off_t)at);
    if (written == (ssize_t)n)
        return 0;
    if (written > 0) /* at the border of two pages; the first could be written, so it can again */
        (void)!pwrite(t->fd, old, (size_t)written, (off_t)at);
    return -1;
}

int patch_write(struct patch *t, uint64_t at, const void *bytes, size_t n)
{
    if (!t->open || at < t->lo || at + n > t->hi || n > 8)
        return -1;
    if (t->fd >= 0 && write_through(t, at, bytes, n) != 0)
        return -1;
    if (t->fd < 0) {
        copy_page(t, at);
        store(at, bytes, n);
    }
    return memcmp((const void *)(uintptr_t)at, bytes, n) == 0 ? 0 : -1;
}

void patch_close(struct patch *t)
{
    if (!t->open)
        return;
    if (t->fd >= 0)
        close(t->fd);
    else
        mprotect((void *)(uintptr_t)t->lo, t->hi - t->lo, t->protection);
    t->open = 0;
}
