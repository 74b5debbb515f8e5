/* store_sql: what the parts of the store share: the connection, and statements in few words.
 *
 * store.c opens, store_write.c adds, store_read.c asks. */
#ifndef COLLECTOR_HISTORY_STORE_SQL_H
#define COLLECTOR_HISTORY_STORE_SQL_H

#include <sqlite3.h>

#include "collector/history/store.h"
#include "collector/util/pool.h"

struct store {
    sqlite3 *db;
    char *path;
    char *making;     /* where a new history is put together until a run is in it; NULL: at PATH */
    struct pool pool; /* of texts that are handed out */
};

/* Says what SQLite's newest error means for the user; returns -1. */
int store_fail(struct store *s, struct err *err);

/* Puts a new history in its place, now that something is in it. Returns 0; 1 where another process has made one
 * meanwhile, which S then is (what was added to the new one is not in it); -1 with ERR. */
int store_publish(struct store *s, struct err *err);

/* Runs statements without results. */
int store_do(struct store *s, const char *sql, struct err *err);

/* Prepares SQL and binds by TYPES, a letter for each parameter: i int64_t, t text (NULL: null), d double. NULL with ERR. The
 * caller ends it with sqlite3_finalize. */
sqlite3_stmt *store_ask(struct store *s, struct err *err, const char *sql, const char *types, ...);

/* 1: a row is there, 0: no more, -1 with ERR. */
int store_step(struct store *s, sqlite3_stmt *q, struct err *err);

/* Steps once, ends Q; 0, or -1 with ERR (also where Q is NULL). */
int store_finish(struct store *s, sqlite3_stmt *q, struct err *err);

/* A text of the present row, kept in the store's pool. */
const char *store_text(struct store *s, sqlite3_stmt *q, int column);

#endif
