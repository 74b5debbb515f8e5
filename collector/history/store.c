/* store: opens the history, makes its tables.  See store.h.
 *
 * A new history is made under another name and put in its place with the first run in it, so that a full disk or
 * a crash leaves no file that is empty or half made. */
#include "collector/history/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "collector/history/store_sql.h"
#include "collector/util/xalloc.h"

enum { APPLICATION = 0x6d707248, VERSION = 1, WAIT_MS = 30000 }; /* "mprH" */

/* Points are small and stand together by series, so that a series is read fast; what each repetition
 * gave is apart. */
static const char schema[] =
    "CREATE TABLE machine(id INTEGER PRIMARY KEY, text TEXT UNIQUE NOT NULL);"
    "CREATE TABLE command(id INTEGER PRIMARY KEY, text TEXT UNIQUE NOT NULL);"
    "CREATE TABLE run(id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, revision TEXT NOT NULL,"
    " dirty INTEGER NOT NULL, machine INTEGER NOT NULL REFERENCES machine,"
    " command INTEGER NOT NULL REFERENCES command);"
    "CREATE TABLE series(id INTEGER PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machine,"
    " command INTEGER NOT NULL REFERENCES command, metric TEXT NOT NULL, place TEXT NOT NULL,"
    " param TEXT NOT NULL, unit TEXT NOT NULL, more_is_better INTEGER NOT NULL,"
    " counted INTEGER NOT NULL, runs INTEGER NOT NULL DEFAULT 0, last_at_ns INTEGER NOT NULL"
    " DEFAULT 0, UNIQUE(metric, command, machine, place, param));"
    "CREATE TABLE point(series INTEGER NOT NULL REFERENCES series, run INTEGER NOT NULL"
    " REFERENCES run, n INTEGER NOT NULL, median REAL, low REAL, high REAL, mean REAL, min REAL,"
    " max REAL, PRIMARY KEY(series, run)) WITHOUT ROWID;"
    "CREATE TABLE repetition(run INTEGER NOT NULL REFERENCES run, series INTEGER NOT NULL"
    " REFERENCES series, at BLOB NOT NULL, PRIMARY KEY(run, series));"
    "CREATE TABLE baseline(name TEXT NOT NULL, command INTEGER NOT NULL, machine INTEGER NOT NULL,"
    " run INTEGER NOT NULL REFERENCES run, PRIMARY KEY(name, command, machine)) WITHOUT ROWID;";

const char *store_path(const struct store *s)
{
    return s->path;
}

static int pragma(struct store *s, const char *sql, int64_t *value, struct err *err)
{
    sqlite3_stmt *q = store_ask(s, err, sql, "");
    if (!q)
        return -1;
    int r = store_step(s, q, err);
    *value = r == 1 ? sqlite3_column_int64(q, 0) : 0;
    sqlite3_finalize(q);
    return r < 0 ? -1 : 0;
}

/* Inside a transaction: another process may be making the tables at the same time. */
static int tables_make(struct store *s, struct err *err)
{
    char set[96];
    int64_t n;
    if (store_do(s, "BEGIN IMMEDIATE", err))
        return -1;
    if (pragma(s, "SELECT count(*) FROM sqlite_master", &n, err))
        return -1;
    if (n)
        return store_do(s, "COMMIT", err);
    snprintf(set, sizeof set, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION,
             VERSION);
    return store_do(s, schema, err) || store_do(s, set, err) ? -1 : store_do(s, "COMMIT", err);
}

static int version_check(struct store *s, struct err *err)
{
    int64_t application, version;
    if (pragma(s, "PRAGMA application_id", &application, err) ||
        pragma(s, "PRAGMA user_version", &version, err))
        return -1;
    if (application != APPLICATION)
        return err_set(err, "%s is a database, but no history of modprof; name another file",
                       s->path);
    if (version > VERSION)
        return err_set(err, "%s was written by a newer modprof (format %lld, this one knows %d)",
                       s->path, (long long)version, VERSION);
    return 0;
}

static int database_open(struct store *s, enum store_mode mode, struct err *err)
{
    /* Who only reads may have to undo what a writer that was killed left half done; where the file can not be
     * written SQLite opens it for reading. */
    int flags = SQLITE_OPEN_READWRITE | (mode == STORE_WRITE ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(s->making ? s->making : s->path, &s->db, flags, NULL) != SQLITE_OK)
        return store_fail(s, err);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, WAIT_MS);
    return 0;
}

static int connect_to(struct store *s, enum store_mode mode, struct err *err)
{
    unsigned number = (unsigned)getpid();
    if (access(s->path, mode == STORE_READ ? R_OK : F_OK)) {
        if (mode == STORE_READ)
            return err_set(err, "the history %s can not be read: %s", s->path, strerror(errno));
        if (getrandom(&number, sizeof number, GRND_NONBLOCK) < 0)
            number ^= (unsigned)(uintptr_t)s;
        s->making = xformat("%s.new-%08x", s->path, number);
    }
    if (database_open(s, mode, err) || (mode == STORE_WRITE && tables_make(s, err)))
        return -1;
    return version_check(s, err);
}

static void making_end(struct store *s)
{
    unlink(s->making);
    free(s->making);
    s->making = NULL;
}

int store_publish(struct store *s, struct err *err)
{
    if (!s->making)
        return 0;
    sqlite3_close(s->db);
    s->db = NULL;
    int there = 0;
    if (renameat2(AT_FDCWD, s->making, AT_FDCWD, s->path, RENAME_NOREPLACE) &&
        link(s->making, s->path)) { /* some file systems know only the one, some only the other */
        there = errno == EEXIST;
        if (!there)
            return err_set(err, "%s can not be made: %s", s->path, strerror(errno));
    }
    making_end(s);
    if (database_open(s, STORE_WRITE, err) ||
        (there && (tables_make(s, err) || version_check(s, err))))
        return -1;
    return there;
}

struct store *store_open(const char *path, enum store_mode mode, struct err *err)
{
    char *found = path ? xstrdup(path) : store_path_find();
    if (!found && mode == STORE_READ) {
        err_set(err, "there is no history (" STORE_FILE_NAME ") here or above; "
                     "`modprof bench --save` begins one");
        return NULL;
    }
    struct store *s = xcalloc(1, sizeof *s);
    s->path = found ? found : xstrdup(STORE_FILE_NAME);
    if (!connect_to(s, mode, err))
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    if (s->making)
        making_end(s);
    pool_release(&s->pool);
    free(s->path);
    free(s);
}

char *store_path_find(void)
{
    char here[PATH_MAX];
    const char *told = getenv("MODPROF_HISTORY");
    if (told && *told)
        return xstrdup(told);
    if (!getcwd(here, sizeof here))
        return NULL;
    for (;;) {
        char *path = xformat("%s/" STORE_FILE_NAME, strcmp(here, "/") ? here : "");
        if (!access(path, F_OK))
            return path;
        free(path);
        char *slash = strrchr(here, '/');
        if (!slash || !here[1])
            return NULL;
        slash[slash == here] = 0;
    }
}
