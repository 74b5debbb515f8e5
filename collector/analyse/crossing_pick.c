/* crossing_pick: see crossing_pick.h. */
#include "collector/analyse/crossing_pick.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

static const struct crossing_row *row_at(const void *p)
{
    return *(const struct crossing_row *const *)p;
}

static int by_id(const void *pa, const void *pb)
{
    uint64_t a = row_at(pa)->function, b = row_at(pb)->function;
    return a < b ? -1 : a > b;
}

static int by_calls(const void *pa, const void *pb)
{
    const struct crossing_row *a = row_at(pa), *b = row_at(pb);
    if (a->down.n != b->down.n)
        return a->down.n > b->down.n ? -1 : 1;
    if (a->up.n != b->up.n)
        return a->up.n > b->up.n ? -1 : 1;
    return by_id(pa, pb);
}

static int by_total(const void *pa, const void *pb)
{
    const struct crossing_row *a = row_at(pa), *b = row_at(pb);
    if (a->down.total_ns != b->down.total_ns)
        return a->down.total_ns > b->down.total_ns ? -1 : 1;
    return by_calls(pa, pb);
}

static int by_label(const void *pa, const void *pb)
{
    int r = strcmp(row_at(pa)->label, row_at(pb)->label);
    return r ? r : by_id(pa, pb);
}

void crossing_pick(struct crossing_pick *k, const struct crossing_rows *r, const char *filter,
                   enum crossing_order order, size_t top)
{
    static int (*const order_of[])(const void *, const void *) = {
        [CROSSING_BY_CALLS] = by_calls,
        [CROSSING_BY_TOTAL] = by_total,
        [CROSSING_BY_LABEL] = by_label,
        [CROSSING_BY_ID] = by_id,
    };
    k->row = xcalloc(r->n, sizeof *k->row);
    k->n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (pattern_match(filter, r->row[i].label) || pattern_match(filter, r->row[i].module) ||
            pattern_match(filter, r->row[i].object))
            k->row[k->n++] = &r->row[i];
    qsort(k->row, k->n, sizeof *k->row, order_of[order]);
    k->matched_n = k->n;
    if (k->n > top)
        k->n = top;
}

void crossing_pick_release(struct crossing_pick *k)
{
    free(k->row);
    memset(k, 0, sizeof *k);
}
