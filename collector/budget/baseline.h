/* baseline: what earlier runs came to, to hold new runs against.
 *
 * It comes from traces (measured by the same rules), or from values that were written down before: by
 * `modprof check --format json`, or by name in the history. */
#ifndef COLLECTOR_BUDGET_BASELINE_H
#define COLLECTOR_BUDGET_BASELINE_H

#include "collector/budget/run_group.h"
#include "collector/util/err.h"

/* The runs of one command, as one rule measured them. */
struct baseline_row {
    const char *key; /* rule_key */
    const char *command;
    int forked; /* 1: of workers */
    double *value;
    size_t n;
};

struct baseline {
    const char *name;         /* as the user gave it */
    struct run_groups groups; /* of traces; empty: ROW has the values */
    struct baseline_row *row;
    size_t row_n, row_cap;
    char *missing; /* why there is none, or NULL */
    char *about; /* of one that was found by its name: "of 2026-01-02 03:04:05, commit abc"; NULL */
    struct pool pool;
};

/* Reads what `modprof check --format json` wrote: TEXT[N].  Returns 0, or -1 with ERR.  Either way to be
 * released. */
int baseline_json_read(struct baseline *b, const char *name, const char *text, size_t n,
                       struct err *err);
/* Adds ROW, which is copied. */
void baseline_add(struct baseline *b, const struct baseline_row *row);
void baseline_release(struct baseline *b);

/* What the baseline has of R in runs like G's: *VALUE[N] (released by the caller), and returns N.  0: nothing,
 * and *WHY says so (in POOL). */
size_t baseline_values(const struct baseline *b, const struct rule *r, const struct run_group *g,
                       double **value, struct pool *pool, const char **why);

#endif
