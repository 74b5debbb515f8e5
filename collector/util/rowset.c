/* rowset: an array of rows and a hash table of their numbers.  See rowset.h. */
#include "collector/util/rowset.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

enum { SLOTS_FIRST = 64 };

void rowset_init(struct rowset *s, size_t row_bytes)
{
    memset(s, 0, sizeof *s);
    s->row_bytes = row_bytes;
}

void rowset_release(struct rowset *s)
{
    free(s->rows);
    free(s->ids);
    free(s->slot);
    rowset_init(s, s->row_bytes);
}

/* Where ID is, or where it would go. Terminates: at most half of the slots are taken. */
static size_t slot_of(const struct rowset *s, uint64_t id)
{
    size_t mask = s->slot_n - 1;
    size_t i = (size_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & mask;
    while (s->slot[i] && s->ids[s->slot[i] - 1] != id)
        i = (i + 1) & mask;
    return i;
}

static void slots_grow(struct rowset *s)
{
    if (s->slot_n >= 2 * (s->n + 1))
        return;
    free(s->slot);
    s->slot_n = s->slot_n ? s->slot_n * 2 : SLOTS_FIRST;
    s->slot = xcalloc(s->slot_n, sizeof *s->slot);
    for (size_t i = 0; i < s->n; i++)
        s->slot[slot_of(s, s->ids[i])] = (uint32_t)i + 1;
}

void *rowset_find(const struct rowset *s, uint64_t id)
{
    if (!s->n)
        return NULL;
    /* Most ids are counted up, and stand where they say: deep stacks are millions of look-ups. */
    uint64_t guess = id - s->ids[0];
    if (guess < s->n && s->ids[guess] == id)
        return rowset_at(s, (size_t)guess);
    uint32_t row = s->slot[slot_of(s, id)];
    return row ? rowset_at(s, row - 1) : NULL;
}

void *rowset_put(struct rowset *s, uint64_t id)
{
    void *row = rowset_find(s, id);
    if (row)
        return row;
    slots_grow(s);
    s->rows = xgrow(s->rows, s->n, &s->cap, s->row_bytes);
    s->ids = xgrow(s->ids, s->n, &s->ids_cap, sizeof *s->ids);
    s->ids[s->n] = id;
    s->n++;
    s->slot[slot_of(s, id)] = (uint32_t)s->n;
    row = rowset_at(s, s->n - 1);
    memset(row, 0, s->row_bytes);
    return row;
}
