/* memory_growth: what was live more at one mark than at another, by line. */
#ifndef COLLECTOR_ANALYSE_MEMORY_GROWTH_H
#define COLLECTOR_ANALYSE_MEMORY_GROWTH_H

#include "collector/analyse/memory_rows.h"

struct growth_row {
    const char *label, *file;
    uint64_t line;
    const char *function; /* as in struct memory_row */
    int is_lua;
    unsigned heap;  /* enum alloc_heap */
    uint32_t kinds; /* bit for each enum alloc_kind */
    int64_t from_n, from_bytes, to_n, to_bytes;
    double variance; /* of the growth in bytes, or more than that; 0: exact */
    uint32_t site;   /* row of the site that grew most */
    int64_t site_bytes;
};

struct growth {
    const struct mark *from, *to;
    struct growth_row
        *row; /* largest growth first, largest shrinking last; without those that did not change */
    size_t n;
    int64_t lua_bytes, c_bytes; /* growth of all rows, by heap */
};

/* The mark called NAME: "LAST" may be followed by #2 for the second of that name, a mere number is the id. NULL: there
 * is none. */
const struct mark *growth_mark(const struct process *p, const char *name);

/* What is said where one of the two is missing: which, and how marks are made where there is none at all. */
const char *growth_why_none(struct process *p, const char *from, const char *to);

void growth_build(struct growth *g, struct process *p, struct symbols *symbols,
                  const struct mark *from, const struct mark *to);
void growth_release(struct growth *g);

#endif
