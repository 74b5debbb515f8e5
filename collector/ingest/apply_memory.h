/* apply_memory: records about memory into the model; part of apply. */
#ifndef COLLECTOR_INGEST_APPLY_MEMORY_H
#define COLLECTOR_INGEST_APPLY_MEMORY_H

#include "collector/model/model.h"

void apply_alloc_mode(struct process *p, const struct rec_alloc_mode *r);
void apply_alloc_site(struct process *p, const struct rec_alloc_site *r);
void apply_alloc_count(struct process *p, const struct rec_alloc_count *r);
void apply_check(struct process *p, const struct rec_check *r);
void apply_gc(struct process *p, const struct rec_gc *r);
void apply_gc_cycle(struct process *p, const struct rec_gc_cycle *r);
void apply_mark(struct process *p, const struct rec_mark *r);

#endif
