/* budget: the rules of a `.modprof`.  Built by collector/budget/budget_file.c, then read-only. */
#ifndef COLLECTOR_BUDGET_BUDGET_H
#define COLLECTOR_BUDGET_BUDGET_H

#include <stddef.h>

#include "collector/budget/metric.h"
#include "collector/util/pool.h"

enum rule_level { LEVEL_OFF, LEVEL_WARN, LEVEL_ERROR };

/* Names, or globs where they hold *, ? or [; any of them. */
struct name_set {
    const char **at;
    size_t n, cap;
};
/* 1 where NAME is one of them, or none are given. */
int name_set_allows(const struct name_set *s, const char *name);
/* 1 where NAME is one of them. */
int name_set_holds(const struct name_set *s, const char *name);

/* What of many values is held against the bounds. */
enum rule_at { AT_EXTREME, AT_MIN, AT_MEAN, AT_MEDIAN, AT_P90, AT_P95, AT_P99, AT_MAX, AT_N };

struct bound {
    int given;
    double value;
    const char *text; /* as it was written */
    int rate;         /* 1: a second */
};

struct rule {
    const struct metric *metric;
    const char *name;    /* given, or made of metric and place */
    const char *message; /* NULL */
    unsigned line;       /* of the file */
    enum rule_level level;
    struct name_set process, module, func, chunk, library, place, mark, from, to, except;
    int phase, kind; /* enum phase, enum alloc_kind; -1: any */
    int each;        /* 1: each that matches by itself; 0: all together */
    enum rule_at at; /* AT_EXTREME: every single one */
    int rate;        /* 1: value and bounds are a second's */
    struct bound limit, warn, at_least;
    struct bound
        regression; /* a share: 0.1 more than the baseline (or less, where more is better) */
};

struct budget {
    const char *path;
    struct rule *rule;
    size_t n, cap;
    const char *baseline; /* that `regression` is held against, or NULL */
    struct pool pool;     /* of all texts */
};

const char *rule_at_name(enum rule_at at); /* "p95", "?" for AT_EXTREME */
/* 1 where it differs from run to run. */
int rule_timed(const struct rule *r);
/* VALUE of the rule's for people: "12.3 ms", "1,200/s".  OUT[HUMAN_MAX]. */
char *rule_show(char *out, const struct rule *r, double value);
const char *rule_unit(const struct rule *r); /* "ns", "bytes/s" */

/* What the rule measures, whatever its name and limits: the same text in every file and run.  In POOL. */
const char *rule_key(struct pool *pool, const struct rule *r);

void budget_release(struct budget *b);
const char *rule_level_name(enum rule_level level);

#endif
