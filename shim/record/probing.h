/* probing: the order in which the slots of a private hash table are tried.
 *
 * Three levels in one array: a small one, a larger one, and the rest.  A table that holds little
 * touches few pages, and one that holds much still has short searches.  Entries are never taken
 * out, so the first empty slot in this order ends a search.
 *
 * Context: any. */
#ifndef SHIM_RECORD_PROBING_H
#define SHIM_RECORD_PROBING_H

#include <stdint.h>

enum {
    PROBING_FIRST_N = 512,
    PROBING_SECOND_N = 4096,
    PROBING_FIRST_TRIES = 8,
    PROBING_SECOND_TRIES = 16,
    PROBING_BEFORE_REST = PROBING_FIRST_N + PROBING_SECOND_N
};

/* Slot of the I-th try for HASH; REST_N (a power of two) slots follow the first two levels. */
static inline uint32_t probing_slot(uint32_t hash, uint32_t i, uint32_t rest_n)
{
    if (i < PROBING_FIRST_TRIES)
        return (hash + i) % PROBING_FIRST_N;
    if (i < PROBING_FIRST_TRIES + PROBING_SECOND_TRIES)
        return PROBING_FIRST_N + ((hash >> 9) + i) % PROBING_SECOND_N;
    return PROBING_BEFORE_REST + ((hash >> 4) + i) % rest_n;
}

#endif
