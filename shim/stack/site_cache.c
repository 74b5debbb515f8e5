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

enum { FIRST_N = 1 << 10, LEVELS = 3 };

static SHIM_TABLE _Atomic uint64_t first[FIRST_N];
static struct site_cache level[LEVELS] = {
    {FIRST_N - 1, first}, {(1 << 15) - 1, NULL}, {(1 << 20) - 1, NULL}};

struct site_cache *_Atomic site_cache = &level[0];
static _Atomic uint64_t puts_n;
static _Atomic int growing; /* 1: by some thread; others go on with what there is */

static _Atomic uint64_t *entries(uint64_t n)
{
    int saved = errno;
    void *p = mmap(NULL, n * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    errno = saved;
    return p != MAP_FAILED ? p : NULL;
}

/* The old one stays: others may be reading it. */
static COLD void grow(void)
{
    if (atomic_exchange(&growing, 1))
        return;
    struct site_cache *next = atomic_load(&site_cache) + 1;
    if (next < level + LEVELS && (next->entry = entries(next->mask + 1)) != NULL)
        atomic_store_explicit(&site_cache, next, memory_order_release);
    atomic_store(&puts_n, 0); /* where there is no memory: later again */
    atomic_store(&growing, 0);
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
        grow();
}
