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

struct bound {
    int given;
    double value;
    const char *text; /* as it was written */
};

struct rule {
    const struct metric *metric;
    const char *name;    /* given, or made of metric and place */
    const char *message; /* NULL */
    unsigned line;       /* of the file */
    enum rule_level level;
    struct name_set process, module, func, chunk, library, except;
    int phase, kind; /* enum phase, enum alloc_kind; -1: any */
    int each;        /* 1: each that matches by itself; 0: all together */
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

/* What the rule measures, whatever its name and limits: the same text in every file and run.  In POOL. */
const char *rule_key(struct pool *pool, const struct rule *r);

void budget_release(struct budget *b);
const char *rule_level_name(enum rule_level level);

#endif
