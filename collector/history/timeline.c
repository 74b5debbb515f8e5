/* timeline: see timeline.h. */
#include "collector/history/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

double timeline_relative(const struct change_point *c)
{
    if (c->before == c->after)
        return 0;
    return c->before != 0 ? c->after / c->before - 1 : INFINITY;
}

int timeline_worse(const struct timeline *t, const struct change_point *c)
{
    return t->series.more_is_better ? c->after < c->before : c->after > c->before;
}

static void changes_find(struct timeline *t, double threshold)
{
    struct change_point all[TIMELINE_CHANGES_MAX];
    double *median = xmalloc((t->points.n + 1) * sizeof *median);
    for (size_t i = 0; i < t->points.n; i++)
        median[i] = t->points.at[i].median;
    size_t n = change_points_find(median, t->points.n, all, TIMELINE_CHANGES_MAX);
    free(median);
    for (size_t i = 0; i < n; i++)
        if (fabs(timeline_relative(&all[i])) > threshold)
            t->change[t->change_n++] = all[i];
}

int timeline_read(struct timeline *t, struct store *s, const struct store_series *series,
                  size_t limit, double threshold, struct err *err)
{
    memset(t, 0, sizeof *t);
    t->series = *series;
    if (store_points_read(s, series->id, limit, &t->points, err))
        return -1;
    changes_find(t, threshold);
    return 0;
}

void timeline_release(struct timeline *t)
{
    free(t->points.at);
    memset(t, 0, sizeof *t);
}
