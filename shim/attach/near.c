/* near: finds free address space close to an object.  See near.h. */
#include "shim/attach/near.h"

#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static const uint64_t REACH = UINT64_C(0x7fff0000); /* 2 GiB less a margin */
static const uint64_t STEP = 64 * 1024;
static const uint64_t LOWEST = 64 * 1024; /* the usual vm.mmap_min_addr */

int near_reaches(const void *p, size_t n, uint64_t lo, uint64_t hi)
{
    uint64_t at = (uint64_t)(uintptr_t)p;
    uint64_t first = at < lo ? at : lo, last = at + n > hi ? at + n : hi;
    return last - first < REACH;
}

static void *map_at(uint64_t at, size_t n)
{
    void *p = mmap((void *)(uintptr_t)at, n, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (p != (void *)(uintptr_t)at) { /* a kernel that does not know the flag */
        munmap(p, n);
        return NULL;
    }
    return p;
}

/* The further away, the larger the strides; whole pages. */
static uint64_t wider(uint64_t step)
{
    return (step + step / 8 + 4095) & ~UINT64_C(4095);
}

void *near_map(uint64_t lo, uint64_t hi, size_t n)
{
    uint64_t page_lo = lo & ~UINT64_C(4095), page_hi = (hi + 4095) & ~UINT64_C(4095);
    uint64_t step = STEP;
    void *p;
    /* Below first: above an executable its heap (brk) must be free to grow. */
    for (uint64_t d = STEP; d < page_lo && page_lo - d >= LOWEST && hi - (page_lo - d) < REACH;
         d += step) {
        if ((p = map_at(page_lo - d, n)) != NULL)
            return p;
        step = wider(step);
    }
    step = STEP;
    for (uint64_t d = REACH / 2; page_hi + d + n - lo < REACH; d += step) {
        if ((p = map_at(page_hi + d, n)) != NULL)
            return p;
        step = wider(step);
    }
    return NULL;
}

int near_seal(void *p, size_t n)
{
    return mprotect(p, n, PROT_READ | PROT_EXEC);
}

int near_unseal(void *p, size_t n)
{
    return mprotect(p, n, PROT_READ | PROT_WRITE);
}

void near_unmap(void *p, size_t n)
{
    munmap(p, n);
}
