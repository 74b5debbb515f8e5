/* store_read: asks the history.  See store.h. */
#include <stdlib.h>
#include <string.h>

#include "collector/history/store_sql.h"
#include "collector/util/xalloc.h"

/* ---- baselines ---- */

#define RUN_COLUMNS "run.id, run.at_ns, run.revision, run.dirty, machine.text, command.text"
#define RUN_TEXTS \
    " JOIN machine ON machine.id = run.machine" \
    " JOIN command ON command.id = run.command"

static void run_take(struct store *s, sqlite3_stmt *q, struct store_run *r)
{
    *r = (struct store_run){.id = sqlite3_column_int64(q, 0),
                            .at_ns = sqlite3_column_int64(q, 1),
                            .commit = store_text(s, q, 2),
                            .dirty = sqlite3_column_int(q, 3),
                            .machine = store_text(s, q, 4),
                            .command = store_text(s, q, 5)};
}

/* The id of Q's first row, which goes to ABOUT. */
static int64_t run_first(struct store *s, sqlite3_stmt *q, const struct store_wanted *w,
                         struct store_about *about, struct err *err)
{
    memset(about, 0, sizeof *about);
    if (!q)
        return -1;
    int64_t found = store_step(s, q, err);
    if (found == 1) {
        run_take(s, q, &about->run);
        found = about->run.id;
        about->elsewhere = w->machine && strcmp(w->machine, about->run.machine) != 0;
    }
    sqlite3_finalize(q);
    return found;
}

int64_t store_baseline_find(struct store *s, const char *name, const struct store_wanted *w,
                            struct store_about *about, struct err *err)
{
    static const char sql[] =
        "SELECT " RUN_COLUMNS " FROM baseline JOIN run ON run.id = baseline.run" RUN_TEXTS
        " WHERE baseline.name = ?1 AND (?2 IS NULL OR command.text = ?2)"
        " ORDER BY machine.text IS NOT ?3 AND ?3 IS NOT NULL, run.id DESC LIMIT 1";
    sqlite3_stmt *q = store_ask(s, err, sql, "ttt", name, w->command, w->machine);
    return run_first(s, q, w, about, err);
}

int64_t store_run_find(struct store *s, const char *commit, const struct store_wanted *w,
                       struct store_about *about, struct err *err)
{
    static const char sql[] =
        "SELECT " RUN_COLUMNS " FROM run" RUN_TEXTS
        " WHERE (?1 IS NULL OR substr(run.revision, 1, length(?1)) = ?1)"
        " AND (?2 IS NULL OR command.text = ?2) AND (?3 IS NULL OR machine.text = ?3)"
        " ORDER BY run.id DESC LIMIT 1";
    sqlite3_stmt *q = store_ask(s, err, sql, "ttt", commit, w->command, w->machine);
    return run_first(s, q, w, about, err);
}

int store_baselines_read(struct store *s, const char *name, const struct store_wanted *w,
                         struct store_baselines *list, struct err *err)
{
    static const char sql[] =
        "SELECT " RUN_COLUMNS
        ", baseline.name FROM baseline JOIN run ON run.id = baseline.run" RUN_TEXTS
        " WHERE (?1 IS NULL OR baseline.name = ?1) AND (?2 IS NULL OR command.text = ?2)"
        " AND (?3 IS NULL OR machine.text = ?3) ORDER BY run.id DESC";
    sqlite3_stmt *q = store_ask(s, err, sql, "ttt", name, w->command, w->machine);
    int r = -1;
    memset(list, 0, sizeof *list);
    while (q && (r = store_step(s, q, err)) == 1) {
        list->at = xgrow(list->at, list->n, &list->cap, sizeof *list->at);
        run_take(s, q, &list->at[list->n].run);
        list->at[list->n++].name = store_text(s, q, 6);
    }
    sqlite3_finalize(q);
    return r;
}

long store_baseline_names(struct store *s, const char **names, size_t max, struct err *err)
{
    sqlite3_stmt *q =
        store_ask(s, err, "SELECT name FROM baseline GROUP BY name ORDER BY max(run) DESC LIMIT ?",
                  "i", (int64_t)max);
    size_t n = 0;
    int r = -1;
    while (q && (r = store_step(s, q, err)) == 1)
        names[n++] = store_text(s, q, 0);
    sqlite3_finalize(q);
    return r < 0 ? -1 : (long)n;
}

/* ---- values ---- */

static void value_take(struct store *s, sqlite3_stmt *q, struct store_values *v)
{
    size_t bytes = (size_t)sqlite3_column_bytes(q, 6);
    double *at = xmalloc(bytes + sizeof *at);
    if (bytes)
        memcpy(at, sqlite3_column_blob(q, 6), bytes);
    v->at = xgrow(v->at, v->n, &v->cap, sizeof *v->at);
    v->at[v->n++] = (struct store_value){
        .metric = store_text(s, q, 0),
        .place = store_text(s, q, 1),
        .param = store_text(s, q, 2),
        .unit = store_text(s, q, 3),
        .more_is_better = sqlite3_column_int(q, 4),
        .counted = sqlite3_column_int(q, 5),
        .at = at,
        .n = bytes / sizeof *at,
    };
}

int store_values_read(struct store *s, int64_t run, struct store_values *v, struct err *err)
{
    sqlite3_stmt *q = store_ask(s, err,
                                "SELECT metric, place, param, unit, more_is_better, counted, at"
                                " FROM repetition JOIN series ON series.id = repetition.series"
                                " WHERE repetition.run = ? ORDER BY series.id",
                                "i", run);
    int r = -1;
    memset(v, 0, sizeof *v);
    while (q && (r = store_step(s, q, err)) == 1)
        value_take(s, q, v);
    sqlite3_finalize(q);
    return r;
}

void store_values_release(struct store_values *v)
{
    for (size_t i = 0; i < v->n; i++)
        free((void *)v->at[i].at);
    free(v->at);
    memset(v, 0, sizeof *v);
}

const struct store_value *store_values_find(const struct store_values *v, const char *metric,
                                            const char *place, const char *param)
{
    for (size_t i = 0; i < v->n; i++)
        if (!strcmp(v->at[i].metric, metric) && !strcmp(v->at[i].place, place) &&
            !strcmp(v->at[i].param, param))
            return &v->at[i];
    return NULL;
}

/* ---- series ---- */

static void series_take(struct store *s, sqlite3_stmt *q, struct store_series_list *list)
{
    list->at = xgrow(list->at, list->n, &list->cap, sizeof *list->at);
    list->at[list->n++] = (struct store_series){
        .id = sqlite3_column_int64(q, 0),
        .metric = store_text(s, q, 1),
        .place = store_text(s, q, 2),
        .param = store_text(s, q, 3),
        .unit = store_text(s, q, 4),
        .command = store_text(s, q, 5),
        .machine = store_text(s, q, 6),
        .more_is_better = sqlite3_column_int(q, 7),
        .counted = sqlite3_column_int(q, 8),
        .runs = sqlite3_column_int64(q, 9),
        .last_at_ns = sqlite3_column_int64(q, 10),
    };
}

int store_series_read(struct store *s, const struct store_wanted *w, struct store_series_list *list,
                      struct err *err)
{
    static const char sql[] =
        "SELECT series.id, metric, place, param, unit, command.text, machine.text, more_is_better,"
        " counted, runs, last_at_ns FROM series JOIN command ON command.id = series.command"
        " JOIN machine ON machine.id = series.machine WHERE (?1 IS NULL OR metric = ?1)"
        " AND (?2 IS NULL OR command.text = ?2) AND (?3 IS NULL OR machine.text = ?3)"
        " ORDER BY last_at_ns DESC, series.id";
    sqlite3_stmt *q = store_ask(s, err, sql, "ttt", w->metric, w->command, w->machine);
    int r = -1;
    memset(list, 0, sizeof *list);
    while (q && (r = store_step(s, q, err)) == 1)
        series_take(s, q, list);
    sqlite3_finalize(q);
    return r;
}

/* They come newest first; people read them the other way. */
static void points_reverse(struct store_points *p)
{
    for (size_t i = 0, k = p->n; i + 1 < k; i++) {
        struct store_point t = p->at[i];
        p->at[i] = p->at[--k];
        p->at[k] = t;
    }
}

static void point_take(struct store *s, sqlite3_stmt *q, struct store_points *p)
{
    p->at = xgrow(p->at, p->n, &p->cap, sizeof *p->at);
    p->at[p->n++] = (struct store_point){
        .run = sqlite3_column_int64(q, 0),
        .at_ns = sqlite3_column_int64(q, 1),
        .commit = store_text(s, q, 2),
        .dirty = sqlite3_column_int(q, 3),
        .n = (size_t)sqlite3_column_int64(q, 4),
        .median = sqlite3_column_double(q, 5),
        .low = sqlite3_column_double(q, 6),
        .high = sqlite3_column_double(q, 7),
        .mean = sqlite3_column_double(q, 8),
        .min = sqlite3_column_double(q, 9),
        .max = sqlite3_column_double(q, 10),
    };
}

int store_points_read(struct store *s, int64_t series, size_t limit, struct store_points *points,
                      struct err *err)
{
    sqlite3_stmt *q =
        store_ask(s, err,
                  "SELECT run.id, at_ns, revision, dirty, n, median, low, high, mean, min, max"
                  " FROM point JOIN run ON run.id = point.run WHERE series = ?"
                  " ORDER BY point.run DESC LIMIT ?",
                  "ii", series, (int64_t)limit);
    int r = -1;
    memset(points, 0, sizeof *points);
    while (q && (r = store_step(s, q, err)) == 1)
        point_take(s, q, points);
    sqlite3_finalize(q);
    points_reverse(points);
    return r;
}
