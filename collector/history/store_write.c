/* store_write: adds runs to the history.  See store.h. */
#include "collector/history/store_sql.h"
#include "collector/stat/describe.h"

struct adding {
    struct store *store;
    struct store_run *run;
    int64_t machine, command;
};

/* The id of a text in a table of texts, made where it is not there. */
static int64_t text_id(struct store *s, const char *insert, const char *select, const char *text,
                       struct err *err)
{
    if (store_finish(s, store_ask(s, err, insert, "t", text), err))
        return -1;
    sqlite3_stmt *q = store_ask(s, err, select, "t", text);
    if (!q)
        return -1;
    int64_t id = store_step(s, q, err) == 1 ? sqlite3_column_int64(q, 0) : -1;
    sqlite3_finalize(q);
    return id;
}

static int run_add(struct adding *a, struct err *err)
{
    struct store *s = a->store;
    struct store_run *r = a->run;
    a->machine = text_id(s, "INSERT OR IGNORE INTO machine(text) VALUES(?)",
                         "SELECT id FROM machine WHERE text = ?", r->machine, err);
    a->command = text_id(s, "INSERT OR IGNORE INTO command(text) VALUES(?)",
                         "SELECT id FROM command WHERE text = ?", r->command, err);
    if (a->machine < 0 || a->command < 0)
        return -1;
    sqlite3_stmt *q =
        store_ask(s, err,
                  "INSERT INTO run(at_ns, revision, dirty, machine, command)"
                  " VALUES(?, ?, ?, ?, ?)",
                  "itiii", r->at_ns, r->commit, (int64_t)r->dirty, a->machine, a->command);
    if (store_finish(s, q, err))
        return -1;
    r->id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

static int64_t series_id(const struct adding *a, const struct store_value *v, struct err *err)
{
    static const char upsert[] =
        "INSERT INTO series(machine, command, metric, place, param, unit, more_is_better, counted,"
        " runs, last_at_ns) VALUES(?, ?, ?, ?, ?, ?, ?, ?, 1, ?)"
        " ON CONFLICT(metric, command, machine, place, param) DO UPDATE SET runs = runs + 1,"
        " last_at_ns = excluded.last_at_ns, unit = excluded.unit RETURNING id";
    sqlite3_stmt *q = store_ask(a->store, err, upsert, "iittttiii", a->machine, a->command,
                                v->metric, v->place, v->param, v->unit, (int64_t)v->more_is_better,
                                (int64_t)v->counted, a->run->at_ns);
    if (!q)
        return -1;
    int64_t id = store_step(a->store, q, err) == 1 ? sqlite3_column_int64(q, 0) : -1;
    sqlite3_step(q);
    sqlite3_finalize(q);
    return id;
}

static int value_add(const struct adding *a, const struct store_value *v, struct err *err)
{
    struct store *s = a->store;
    struct describe d;
    int64_t series = series_id(a, v, err);
    if (series < 0)
        return -1;
    describe(&d, v->at, v->n);
    sqlite3_stmt *q = store_ask(s, err, "INSERT INTO point VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                "iiidddddd", series, a->run->id, (int64_t)v->n, d.median, d.ci.low,
                                d.ci.high, d.mean, d.min, d.max);
    if (store_finish(s, q, err))
        return -1;
    q = store_ask(s, err, "INSERT INTO repetition VALUES(?, ?, ?)", "ii", a->run->id, series);
    if (!q)
        return -1;
    sqlite3_bind_blob64(q, 3, v->at, v->n * sizeof *v->at, SQLITE_STATIC);
    return store_finish(s, q, err);
}

static int all_add(struct adding *a, const struct store_value *values, size_t n,
                   const char *baseline, struct err *err)
{
    if (run_add(a, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (values[i].n && value_add(a, &values[i], err))
            return -1;
    if (!baseline)
        return 0;
    sqlite3_stmt *q = store_ask(a->store, err, "INSERT OR REPLACE INTO baseline VALUES(?, ?, ?, ?)",
                                "tiii", baseline, a->command, a->machine, a->run->id);
    return store_finish(a->store, q, err);
}

static int add_once(struct store *s, struct store_run *r, const struct store_value *values,
                    size_t n, const char *baseline, struct err *err)
{
    struct adding a = {.store = s, .run = r};
    if (store_do(s, "BEGIN IMMEDIATE", err))
        return -1;
    if (!all_add(&a, values, n, baseline, err) && !store_do(s, "COMMIT", err))
        return 0;
    store_do(s, "ROLLBACK", NULL);
    return -1;
}

int store_add(struct store *s, struct store_run *r, const struct store_value *values, size_t n,
              const char *baseline, struct err *err)
{
    int added_elsewhere = 1;
    while (added_elsewhere > 0) {
        if (add_once(s, r, values, n, baseline, err))
            return -1;
        added_elsewhere = store_publish(s, err);
    }
    return added_elsewhere;
}

int store_baseline_set(struct store *s, const char *name, int64_t run, struct err *err)
{
    return store_finish(
        s,
        store_ask(s, err,
                  "INSERT OR REPLACE INTO baseline SELECT ?1, command, machine, id FROM run"
                  " WHERE id = ?2",
                  "ti", name, run),
        err);
}
