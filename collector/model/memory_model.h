/* memory_model: what a trace says about memory: sites of allocation with their counts, marks with what was live
 * then, collectors and their cycles.
 *
 * Bounded: sites are as many as the shim has room for; the copies that marks keep of them stop at
 * MEMORY_MARK_CELLS_MAX, all marks together. */
#ifndef COLLECTOR_MODEL_MEMORY_MODEL_H
#define COLLECTOR_MODEL_MEMORY_MODEL_H

#include "collector/util/rowset.h"
#include "wire/record.h"

enum { MEMORY_MARK_CELLS_MAX = 2 << 20, MEMORY_MARKS_MAX = 1 << 20, MEMORY_CYCLES_MAX = 1 << 16 };

struct alloc_site {
    struct rec_alloc_site about; /* zeros but for the id where its record is lost */
    struct rec_alloc_count count;
};

/* What was live of a site at a mark. */
struct mark_cell {
    uint32_t site; /* row in `sites` */
    int64_t n, bytes;
};

struct mark {
    struct rec_mark about;
    struct mark_cell *cell; /* those that are not 0, in order of `site` */
    size_t cell_n;
    int is_short; /* 1: there was no room for the copy */
};

struct memory_model {
    struct rowset sites;  /* struct alloc_site, by id */
    struct rowset gcs;    /* struct rec_gc, by state */
    struct rowset cycles; /* struct rec_gc_cycle, by number */
    struct mark *mark;    /* in order of the trace; at most MEMORY_MARKS_MAX */
    size_t mark_n, mark_cap, cell_n;
    struct rec_alloc_mode mode;
    struct rec_check checks;
    int mode_seen; /* 0: the shim said nothing about sites */
};

void memory_model_init(struct memory_model *m);
void memory_model_release(struct memory_model *m);

/* Notes the mark, with what the counts say so far; a mark of the same id is replaced. */
/* -1: there are too many. */
int memory_model_mark(struct memory_model *m, const struct rec_mark *r);

/* What was live of the site in row SITE at mark M. */
struct mark_cell mark_live(const struct mark *m, uint32_t site);

#endif
