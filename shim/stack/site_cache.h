/* site_cache: sites by the keys of their stacks (lua_key.h), so that a stack need not be interned again.
 *
 * An entry is one word: 47 bits of the key and the site; the place tells the other bits.  Context: host threads; lock-free. */
#ifndef SHIM_STACK_SITE_CACHE_H
#define SHIM_STACK_SITE_CACHE_H

#include <stdatomic.h>
#include <stdint.h>

enum { SITE_CACHE_ID_BITS = 17 };

/* The table in use: it grows twice. */
struct site_cache {
    uint64_t mask;
    _Atomic uint64_t *entry;
};
extern __attribute__((visibility("hidden"))) struct site_cache *_Atomic site_cache;

#define SITE_CACHE_KEY (UINT64_MAX << SITE_CACHE_ID_BITS)

/* The site's id; 0: not known. */
static inline uint32_t site_cache_get(uint64_t key)
{
    struct site_cache *c = atomic_load_explicit(&site_cache, memory_order_acquire);
    uint64_t at = key & c->mask;
    uint64_t e = atomic_load_explicit(&c->entry[at], memory_order_relaxed);
    if (__builtin_expect(((e ^ key) & SITE_CACHE_KEY) != 0, 0)) {
        e = atomic_load_explicit(&c->entry[at ^ 1], memory_order_relaxed);
        if ((e ^ key) & SITE_CACHE_KEY)
            return 0;
    }
    return (uint32_t)(e & ~SITE_CACHE_KEY);
}

void site_cache_put(uint64_t key, uint32_t id);

#endif
