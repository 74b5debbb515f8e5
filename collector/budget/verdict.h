/* verdict: what came of each rule over all processes. */
#ifndef COLLECTOR_BUDGET_VERDICT_H
#define COLLECTOR_BUDGET_VERDICT_H

#include "collector/budget/measure.h"

enum verdict {
    VERDICT_OFF,      /* the rule is switched off */
    VERDICT_UNTESTED, /* nothing that it speaks of happened */
    VERDICT_PASS,
    VERDICT_WARN,       /* over, and the rule (or its `warn`) only warns */
    VERDICT_INCOMPLETE, /* it may be over: the data do not tell */
    VERDICT_FAIL,
    VERDICT_N
};

/* One rule's, for the process where it looks worst. */
struct finding {
    const struct rule *rule;
    enum verdict verdict;
    struct digest *digest; /* NULL: off, untested */
    struct measured m;
    const struct bound *bound;  /* that is broken, or else the one that would be next; NULL */
    int below;                  /* 1: BOUND is a minimum */
    double value;               /* that was held against it */
    const char *place;          /* where most of it is; "" */
    double place_value, excess; /* excess: beyond BOUND; 0 */
};

struct findings {
    struct finding *at; /* in the order of the rules */
    size_t n;
    size_t count[VERDICT_N];
};

/* Judges B by the processes D[N]. */
void findings_make(struct findings *f, const struct budget *b, struct digest *const *d, size_t n);
void findings_release(struct findings *f);

/* EXIT_FINE, EXIT_OVER or EXIT_NO_VERDICT.  STRICT 1: an untested rule is no verdict. */
int findings_status(const struct findings *f, int strict);

const char *verdict_name(enum verdict v);

#endif
