/* relative: runs held against a baseline, by a rule's `regression`.
 *
 * What is counted is compared as it is.  What is timed needs enough runs of both: it is worse only where that
 * is more than the rule allows and more than chance, and fine only where twice as much can be excluded;
 * anything else is unstable (collector/stat/versus.h). */
#ifndef COLLECTOR_BUDGET_RELATIVE_H
#define COLLECTOR_BUDGET_RELATIVE_H

#include "collector/budget/baseline.h"
#include "collector/budget/measure.h"

enum relative_state {
    RELATIVE_NONE,   /* the rule has no `regression` */
    RELATIVE_WITHIN, /* no worse than allowed */
    RELATIVE_BEYOND,
    RELATIVE_UNSTABLE, /* can not be told from these runs */
    RELATIVE_MISSING   /* there is nothing to compare with */
};

enum { RELATIVE_RUNS_MIN = 5 }; /* of either side, for what is timed */

struct relative {
    enum relative_state state;
    size_t n, base_n;   /* runs */
    double value, base; /* medians */
    double change;      /* 0.2: a fifth more than the baseline; infinite where that is 0 */
    double low, high;   /* of the change, 95 %; only of what is timed (CERTAIN) */
    double p;           /* that this is chance; same */
    int tested;         /* 1: LOW, HIGH and P are known */
    size_t more;        /* runs of each side that would decide, about; 0: not known */
    struct bound bound; /* what was allowed, as a value: "20 ms +10%" */
    const char *why;    /* of MISSING and UNSTABLE */
};

/* Holds VALUE[N] of G, measured by R, against B (NULL: none was given).  Texts stand in POOL. */
void relative_make(struct relative *x, const struct rule *r, const struct run_group *g,
                   const double *value, size_t n, const struct baseline *b, struct pool *pool);

#endif
