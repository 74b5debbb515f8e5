/* versus: whether B costs more than A, beyond chance and beyond a threshold; and where that can not be told,
 * how many runs would tell.  Pure.
 *
 * B has regressed where three things hold: Mann and Whitney's test says that the difference is not
 * chance, the bootstrap interval of the ratio of medians excludes 1, and the ratio is above the
 * threshold. It has passed where the interval excludes a change of `detect`, and there are runs enough that
 * the test could have said otherwise (5 of each for an alpha of 0.01). Anything else is unstable. */
#ifndef COLLECTOR_STAT_VERSUS_H
#define COLLECTOR_STAT_VERSUS_H

#include "collector/stat/describe.h"

enum versus_verdict { VERSUS_PASS, VERSUS_BETTER, VERSUS_REGRESSED, VERSUS_UNSTABLE };

struct versus_rule {
    double threshold; /* 0.02: smaller changes never fail */
    double detect;    /* 0.05, above the threshold: a change that must be found */
    double alpha;     /* 0.01: false alarms, both directions together */
    int paired;       /* 1: the i-th values of both were measured one after the other */
    int more_is_better;
    int counted; /* 1: values that do not vary at all leave nothing to chance */
};

struct versus {
    enum versus_verdict verdict;
    double ratio;       /* median(B) / median(A) */
    struct interval ci; /* of it, 95 % */
    double p, larger;   /* Mann-Whitney; P(B > A) */
    int exact;          /* p by counting */
    size_t more;        /* runs of each that would decide; 0 where it is decided */
};

enum { VERSUS_RUNS_MAX = 1000000 }; /* the answer where even more would be needed */

/* AN, BN > 0. */
void versus(struct versus *v, const struct versus_rule *rule, const double *a, size_t an,
            const double *b, size_t bn);

/* Runs of each that find a change of R->detect 95 times in 100, told from what A (and B; BN may be 0)
 * have shown: their spread, not their difference, so that asking changes no false alarm. */
size_t versus_runs(const struct versus_rule *rule, const double *a, size_t an, const double *b,
                   size_t bn);

/* The smallest change that AN runs of each would find 95 times in 100. */
double versus_detectable(const struct versus_rule *rule, const double *a, size_t an,
                         const double *b, size_t bn);

const char *
versus_verdict_name(enum versus_verdict v); /* "pass", "better", "regressed", "unstable" */

#endif
