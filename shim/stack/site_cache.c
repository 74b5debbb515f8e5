/* site_cache: see site_cache.h.
 *
 * Entries that were put in at the same place push each other out; a table in which more were put than it has
 * room for half of is left for a larger one, which fills anew. */
#include "shim/stack/site_cache.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "shim/platform.h"
#include "shim/record/record_api.h"

enum { LEVELS = 3 };
static const uint64_t size[LEVELS] = {1 << 10, 1 << 15, 1 << 20};

static struct {
    struct site_cache head;
    _Atomic uint64_t entry[1 << 10];
} first = {.head.mask = (1 << 10) - 1};
_Static_assert(offsetof(struct site_cache, entry) == sizeof first.head, "entries follow");

struct site_cache *_Atomic site_cache = &first.head;
static _Atomic uint64_t puts_n;

static struct site_cache *larger(uint64_t entries)
{
    int saved = errno;
    void *p = mmap(NULL, sizeof(struct site_cache) + entries * 8, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    errno = saved;
    if (p == MAP_FAILED)
        return NULL;
    struct site_cache *c = p;
    c->mask = entries - 1;
    return c;
}

/* The old one stays: others may be reading it. */
static COLD void grow(struct site_cache *c)
{
    for (int i = 1; i < LEVELS; i++) {
        if (size[i - 1] - 1 != c->mask)
            continue;
        struct site_cache *next = larger(size[i]);
        if (next == NULL)
            atomic_store(&puts_n, 0); /* later again */
        else if (atomic_compare_exchange_strong(&site_cache, &c, next))
            atomic_store(&puts_n, 0);
        else
            munmap(next, sizeof *next + size[i] * 8);
        return;
    }
}

void site_cache_put(uint64_t key, uint32_t id)
{
    struct site_cache *c = atomic_load_explicit(&site_cache, memory_order_acquire);
    uint64_t at = key & c->mask, e = (key & SITE_CACHE_KEY) | id;
    int is_taken = atomic_load_explicit(&c->entry[at], memory_order_relaxed) != 0;
    int other_free = atomic_load_explicit(&c->entry[at ^ 1], memory_order_relaxed) == 0;
    int second = is_taken && (other_free || (key >> 40 & 1));
    atomic_store_explicit(&c->entry[at ^ (uint64_t)second], e, memory_order_relaxed);
    if (atomic_fetch_add(&puts_n, 1) > c->mask / 2)
        grow(c);
}
