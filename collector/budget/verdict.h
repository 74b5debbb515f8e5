/* verdict: what came of each rule over all processes. */
#ifndef COLLECTOR_BUDGET_VERDICT_H
#define COLLECTOR_BUDGET_VERDICT_H

#include "collector/budget/measure.h"
#include "collector/budget/relative.h"
#include "collector/budget/run_group.h"

/* The worse ones later. */
enum verdict {
    VERDICT_OFF,      /* the rule is switched off */
    VERDICT_UNTESTED, /* nothing that it speaks of happened */
    VERDICT_PASS,
    VERDICT_WARN,       /* over, and the rule (or its `warn`) only warns */
    VERDICT_MISSING,    /* there is no baseline for its `regression` */
    VERDICT_UNSTABLE,   /* too few or too noisy runs for its `regression` */
    VERDICT_INCOMPLETE, /* it may be over: the data do not tell */
    VERDICT_FAIL,
    VERDICT_N
};

/* What one rule measured in the runs of one command. */
struct finding_runs {
    const struct run_group *group;
    double *value;
    size_t n;
    const char *doubt; /* why they may be too low, so that they are no baseline; NULL */
};

/* One rule's, for the command (and the run) where it looks worst. */
struct finding {
    const struct rule *rule;
    enum verdict verdict;
    const struct run_group *group; /* NULL: off, untested */
    struct digest *digest;         /* the run that M is of; NULL: off, untested */
    struct measured m;
    size_t run_n;               /* > 1: VALUE is the median of so many runs; else of DIGEST */
    const struct bound *bound;  /* that is broken, or else the one that would be next; NULL */
    int below;                  /* 1: BOUND is a minimum */
    double value;               /* that was held against it */
    const char *place;          /* where most of it is; "" */
    double place_value, excess; /* excess: beyond BOUND; 0 */
    struct relative relative;
    struct finding_runs *runs; /* of each command */
    size_t runs_n;
};

struct findings {
    struct finding *at; /* in the order of the rules */
    size_t n;
    size_t count[VERDICT_N];
    struct pool pool;
};

/* Judges B by the runs in G; BASE may be NULL. */
void findings_make(struct findings *f, const struct budget *b, const struct run_groups *g,
                   const struct baseline *base);
void findings_release(struct findings *f);

/* EXIT_FINE, EXIT_OVER or EXIT_NO_VERDICT.  STRICT 1: an untested rule is no verdict; LENIENT 1: a
 * missing baseline and unstable runs are none of its business. */
int findings_status(const struct findings *f, int strict, int lenient);

const char *verdict_name(enum verdict v);

#endif
