/* rowset: rows of one size, found by a 64-bit id, kept in the order in which they came.
 *
 * Pointers to rows are valid until the next rowset_put. */
#ifndef COLLECTOR_UTIL_ROWSET_H
#define COLLECTOR_UTIL_ROWSET_H

#include <stddef.h>
#include <stdint.h>

struct rowset {
    char *rows;
    size_t row_bytes, n, cap;
    uint64_t *ids;  /* id of each row */
    uint32_t *slot; /* open addressing: row number + 1, 0: free */
    size_t slot_n, ids_cap;
};

void rowset_init(struct rowset *s, size_t row_bytes);
void rowset_release(struct rowset *s);

/* The row of ID, made (zeroed) where there is none. */
void *rowset_put(struct rowset *s, uint64_t id);
/* The row of ID, or NULL. */
void *rowset_find(const struct rowset *s, uint64_t id);
/* The row that came I-th, I < n. */
static inline void *rowset_at(const struct rowset *s, size_t i)
{
    return s->rows + i * s->row_bytes;
}

#endif
