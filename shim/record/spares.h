/* spares: indexes of a table's entries that threads took at once for the same thing, all but one in vain.  The next newcomer
 * takes one of these before a fresh one, so that races do not fill the table.
 *
 * Context: any; lock-free. */
#ifndef SHIM_RECORD_SPARES_H
#define SHIM_RECORD_SPARES_H

#include <stdatomic.h>
#include <stdint.h>

enum { SPARES_MAX = 64 };

struct spares {
    _Atomic uint32_t n;
    _Atomic uint32_t at[SPARES_MAX]; /* index + 1; 0: none */
};

/* An index + 1; 0: there is none. */
static inline uint32_t spares_take(struct spares *s)
{
    for (int i = 0; i < SPARES_MAX && atomic_load_explicit(&s->n, memory_order_relaxed); i++) {
        if (atomic_load_explicit(&s->at[i], memory_order_relaxed)) {
            uint32_t v = atomic_exchange(&s->at[i], 0);
            if (v) {
                atomic_fetch_sub(&s->n, 1);
                return v;
            }
        }
    }
    return 0;
}

/* Returns 0, or -1 where so many lost their race at once that the entry is lost. */
static inline int spares_give(struct spares *s, uint32_t index_plus_1)
{
    for (int i = 0; i < SPARES_MAX; i++) {
        uint32_t none = 0;
        if (atomic_compare_exchange_strong(&s->at[i], &none, index_plus_1)) {
            atomic_fetch_add(&s->n, 1);
            return 0;
        }
    }
    return -1;
}

#endif
