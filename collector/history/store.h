/* store: the history of measurements: one SQLite file, many writers.
 *
 * A *run* is one use of `modprof bench` or `check` on one command, at one commit, on one machine. It has
 * *values*: for each metric (and place, and parameter) what each repetition gave. A *series* is one metric
 * of one command on one machine over all runs. A *baseline* is a name for a run, of its own for each
 * command and machine.
 *
 * Every write is one transaction, and waits up to 30 s for other writers (jobs of CI). Every function
 * that can fail returns -1 with ERR: a sentence for damaged, foreign, newer, busy and unwritable files.
 *
 * How `bench` uses it:
 *     struct store *s = store_open(NULL, STORE_READ, &err);
 *     struct store_wanted w = {.command = command, .machine = machine};
 *     int64_t run = store_baseline_find(s, "main", &w, &about, &err);   // 0: there is none
 *     store_values_read(s, run, &values, &err);
 */
#ifndef COLLECTOR_HISTORY_STORE_H
#define COLLECTOR_HISTORY_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "collector/util/err.h"

#define STORE_FILE_NAME ".modprof-history"

struct store;

enum store_mode {
    STORE_READ, /* the file must be there */
    STORE_WRITE /* it is made, by the first store_add, where it is not */
};

/* PATH; NULL: what store_path_find says.  NULL with ERR. */
struct store *store_open(const char *path, enum store_mode mode, struct err *err);
void store_close(struct store *s); /* NULL is fine */
const char *store_path(const struct store *s);

/* MODPROF_HISTORY where that is set; else the STORE_FILE_NAME of the working directory or the nearest
 * above; NULL where there is none.  The caller frees it. */
char *store_path_find(void);

/* ---- runs ---- */

struct store_run {
    int64_t id;         /* given by store_add */
    int64_t at_ns;      /* CLOCK_REALTIME */
    const char *commit; /* "" unknown */
    int dirty;          /* 1: the commit with changes of its own */
    const char *machine, *command;
};

struct store_value {
    const char *metric; /* "wall", "lua.peak", "op.merge.p95" */
    const char *place;  /* "" the whole; else a module, a function, the name of a rule ... */
    const char *param;  /* "" none; else "n=1000" */
    const char *unit;   /* "ns", "bytes", "count", or as the program says */
    int more_is_better, counted;
    const double *at; /* one of each repetition, in their order */
    size_t n;
};

/* Adds a run with VALUES[N] (each n > 0, no place twice). BASELINE: a name that it gets, or NULL. Sets R->id and
 * returns 0. */
int store_add(struct store *s, struct store_run *r, const struct store_value *values, size_t n,
              const char *baseline, struct err *err);

/* ---- baselines ---- */

/* What to look at; NULL: any. */
struct store_wanted {
    const char *metric, *command, *machine;
};

/* A run that was found; texts live as long as the store. */
struct store_about {
    struct store_run run;
    int elsewhere; /* it is of another machine than W wanted */
};

/* The id of the run that NAME stands for, of W's command. On W's machine, where it is there; else, with ELSEWHERE set in *ABOUT, the
 * newest of another machine: comparing with that is for the caller to refuse. 0 where there is none. */
int64_t store_baseline_find(struct store *s, const char *name, const struct store_wanted *w,
                            struct store_about *about, struct err *err);

/* The newest run of W's command and machine, of the commit whose hash begins with COMMIT (NULL: any).  As
 * store_baseline_find otherwise, but never of another machine. */
int64_t store_run_find(struct store *s, const char *commit, const struct store_wanted *w,
                       struct store_about *about, struct err *err);

/* Lets NAME stand for RUN, for its command and machine.  Returns 0, or -1 with ERR. */
int store_baseline_set(struct store *s, const char *name, int64_t run, struct err *err);

struct store_baseline {
    const char *name;
    struct store_run run; /* texts live as long as the store */
};
struct store_baselines {
    struct store_baseline *at;
    size_t n, cap;
};
/* What NAME (NULL: any) stands for, of W's command and machine, the newest first; free(list->at) releases it. */
int store_baselines_read(struct store *s, const char *name, const struct store_wanted *w,
                         struct store_baselines *list, struct err *err);

/* The names of baselines, newest first, to NAMES[MAX] (they live as long as the store); how many, or -1. */
long store_baseline_names(struct store *s, const char **names, size_t max, struct err *err);

struct store_values {
    struct store_value *at;
    size_t n, cap;
};

/* All values of a run.  Initialises *V; store_values_release frees what is in it. */
int store_values_read(struct store *s, int64_t run, struct store_values *v, struct err *err);
void store_values_release(struct store_values *v);
/* NULL where there is none. */
const struct store_value *store_values_find(const struct store_values *v, const char *metric,
                                            const char *place, const char *param);

/* ---- series ---- */

struct store_series {
    int64_t id;
    const char *metric, *place, *param, *unit, *command, *machine; /* live as long as the store */
    int more_is_better, counted;
    int64_t runs, last_at_ns;
};
struct store_series_list {
    struct store_series *at;
    size_t n, cap;
};

/* All series that W wants, the most recent first; free(list->at) releases it. */
int store_series_read(struct store *s, const struct store_wanted *w, struct store_series_list *list,
                      struct err *err);

struct store_point {
    int64_t run, at_ns;
    const char *commit; /* lives as long as the store */
    int dirty;
    size_t n;                                 /* repetitions */
    double median, low, high, mean, min, max; /* low, high: 95 % interval of the median */
};
struct store_points {
    struct store_point *at;
    size_t n, cap;
};

/* The newest LIMIT points of a series, oldest first; free(points->at) releases it. */
int store_points_read(struct store *s, int64_t series, size_t limit, struct store_points *points,
                      struct err *err);

#endif
