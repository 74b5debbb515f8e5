/* store_sql: see store_sql.h. */
#include "collector/history/store_sql.h"

#include <stdarg.h>
#include <string.h>

int store_fail(struct store *s, struct err *err)
{
    int why = sqlite3_system_errno(s->db);
    switch (sqlite3_errcode(s->db) & 0xff) {
    case SQLITE_NOTADB:
        return err_set(err, "%s is no history of modprof: it is another kind of file", s->path);
    case SQLITE_CORRUPT:
        return err_set(err,
                       "%s is damaged (%s); move it away, or save what can be read with "
                       "`sqlite3 %s .recover`",
                       s->path, sqlite3_errmsg(s->db), s->path);
    case SQLITE_BUSY:
        return err_set(err, "%s has been in use by another process for more than 30 s; try again",
                       s->path);
    case SQLITE_CANTOPEN:
        return err_set(err, "%s can not be opened; is its folder there, and writable?", s->path);
    case SQLITE_READONLY:
        return err_set(err, "%s can not be written", s->path);
    case SQLITE_FULL:
        return err_set(err, "%s can not grow: the disk is full", s->path);
    case SQLITE_IOERR:
        return err_set(err, "%s can not be read or written: %s", s->path,
                       why ? strerror(why) : sqlite3_errmsg(s->db));
    case SQLITE_ERROR:
        return err_set(err, "%s is no history of modprof, or a damaged one: %s", s->path,
                       sqlite3_errmsg(s->db));
    default:
        return err_set(err, "%s: %s", s->path, sqlite3_errmsg(s->db));
    }
}

int store_do(struct store *s, const char *sql, struct err *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_fail(s, err);
}

sqlite3_stmt *store_ask(struct store *s, struct err *err, const char *sql, const char *types, ...)
{
    sqlite3_stmt *q = NULL;
    va_list ap;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK) {
        store_fail(s, err);
        return NULL;
    }
    va_start(ap, types);
    for (int i = 1; *types; types++, i++) {
        if (*types == 'i')
            sqlite3_bind_int64(q, i, va_arg(ap, int64_t));
        else if (*types == 'd')
            sqlite3_bind_double(q, i, va_arg(ap, double));
        else
            sqlite3_bind_text(q, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
    }
    va_end(ap);
    return q;
}

int store_step(struct store *s, sqlite3_stmt *q, struct err *err)
{
    int r = sqlite3_step(q);
    return r == SQLITE_ROW ? 1 : r == SQLITE_DONE ? 0 : store_fail(s, err);
}

int store_finish(struct store *s, sqlite3_stmt *q, struct err *err)
{
    if (!q)
        return -1;
    int r = store_step(s, q, err);
    sqlite3_finalize(q);
    return r < 0 ? -1 : 0;
}

const char *store_text(struct store *s, sqlite3_stmt *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q, column);
    return pool_format(&s->pool, "%s", text ? (const char *)text : "");
}
