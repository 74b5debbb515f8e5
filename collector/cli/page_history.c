/* page_history: see page_history.h. */
#include "collector/cli/page_history.h"

#include <stdlib.h>
#include <string.h>

#include "collector/budget/metric.h"
#include "collector/history/store.h"
#include "collector/util/command_text.h"
#include "collector/util/xalloc.h"

/* `modprof bench` names the place behind the metric, as in crossings.down:string.format. */
static void place_part(struct page_history *h, struct page_series *s)
{
    const char *colon = strchr(s->metric, ':');
    if (!colon || *s->place)
        return;
    const char *nearest, *name = pool_copy(&h->texts, s->metric, (size_t)(colon - s->metric));
    if (!metric_find(name, &nearest))
        return;
    s->metric = name;
    s->place = colon + 1;
}

static int points_take(struct page_history *h, const struct store_series *of, struct err *err)
{
    struct store_points points;
    int bad = store_points_read(h->store, of->id, PAGE_POINTS_MAX, &points, err);
    if (!bad && points.n) {
        struct page_point *p = xcalloc(points.n, sizeof *p);
        for (size_t i = 0; i < points.n; i++)
            p[i] = (struct page_point){points.at[i].at_ns, points.at[i].median, points.at[i].low,
                                       points.at[i].high, points.at[i].commit};
        h->series = xgrow(h->series, h->n, &h->cap, sizeof *h->series);
        h->series[h->n++] =
            (struct page_series){of->metric,  of->place,          of->param, of->unit,
                                 of->machine, of->more_is_better, p,         points.n};
        place_part(h, &h->series[h->n - 1]);
    }
    free(points.at);
    return bad;
}

int page_history_read(struct page_history *h, const char *command, struct err *err)
{
    struct store_wanted w = {0};
    struct store_series_list list = {0};
    memset(h, 0, sizeof *h);
    char *path = store_path_find();
    int bad = 0;
    if (path && !(h->store = store_open(path, STORE_READ, err)))
        bad = -1;
    free(path);
    if (h->store)
        bad = store_series_read(h->store, &w, &list, err);
    for (size_t i = 0; !bad && i < list.n && h->n < PAGE_SERIES_MAX; i++)
        if (command_same(list.at[i].command, command))
            bad = points_take(h, &list.at[i], err);
    free(list.at);
    return bad;
}

void page_history_release(struct page_history *h)
{
    for (size_t i = 0; i < h->n; i++)
        free((void *)(uintptr_t)h->series[i].point);
    free(h->series);
    store_close(h->store);
    pool_release(&h->texts);
    memset(h, 0, sizeof *h);
}
