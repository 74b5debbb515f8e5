/* trust: what a reader must know before believing the figures: what was covered, what was not and
 * why, what was lost, and whether the trace is whole.  As sentences, the same for text and JSON. */
#ifndef COLLECTOR_ANALYSE_TRUST_H
#define COLLECTOR_ANALYSE_TRUST_H

#include <stddef.h>

#include "collector/model/model.h"

/* Sentences, each released with the list. */
struct sentences {
    char **at;
    size_t n, cap;
};
/* Takes over SENTENCE. */
void sentences_add(struct sentences *s, char *sentence);
void sentences_release(struct sentences *s);

/* Why the trace is not whole: the file, and this process (P may be NULL).  Empty: it is whole. */
void trust_incomplete(struct sentences *s, const struct model *m, struct process *p);
/* Copies of Lua that are covered. */
void trust_covered(struct sentences *s, struct process *p);
/* What is not covered, and why; empty copies included. */
void trust_uncovered(struct sentences *s, struct process *p);
/* 0 where C allocation could not be seen at all: its figures are then unknown, not zero. */
int trust_c_memory(struct process *p);
/* What was lost, and what it means.  Not LOSS_UNSEEN_RETURN: errors and yields are normal life; the
 * tables of crossings tell of it. */
void trust_losses(struct sentences *s, const struct process *p);

#endif
