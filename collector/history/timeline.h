/* timeline: one series over time, with the moments where its level changed.
 *
 * A series never mixes machines or commands, so neither does a change. */
#ifndef COLLECTOR_HISTORY_TIMELINE_H
#define COLLECTOR_HISTORY_TIMELINE_H

#include "collector/history/store.h"
#include "collector/stat/change_point.h"

enum { TIMELINE_CHANGES_MAX = 32 };

struct timeline {
    struct store_series series;
    struct store_points points; /* oldest first */
    struct change_point change[TIMELINE_CHANGES_MAX];
    size_t change_n;
};

/* The newest LIMIT points of SERIES, and changes by more than THRESHOLD (0.02: 2 %). Returns 0, or -1 with ERR;
 * either way to be released. */
int timeline_read(struct timeline *t, struct store *s, const struct store_series *series,
                  size_t limit, double threshold, struct err *err);
void timeline_release(struct timeline *t);

/* after / before - 1; infinite from 0. */
double timeline_relative(const struct change_point *c);
/* 1: the new level is the worse one. */
int timeline_worse(const struct timeline *t, const struct change_point *c);

#endif
