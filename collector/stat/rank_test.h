/* rank_test: tests on ranks: they assume no shape of the distribution.  Pure. */
#ifndef COLLECTOR_STAT_RANK_TEST_H
#define COLLECTOR_STAT_RANK_TEST_H

#include <stddef.h>

struct rank_test {
    double u;      /* Mann and Whitney's: pairs where B is larger, ties count half */
    double p;      /* two-sided */
    double larger; /* P(B > A) + P(B = A) / 2 */
    int exact;     /* 1: by counting; 0: normal approximation, corrected for ties and continuity */
};

/* Whether B[BN] tends to be larger or smaller than A[AN].  Exact where there are no ties and at most
 * 40 values in all.  p = 1 where one is empty. */
void mann_whitney(struct rank_test *t, const double *a, size_t an, const double *b, size_t bn);

/* Mid-ranks (from 1) of AT[N] to RANK[N]; returns the sum of t^3 - t over groups of t ties. */
double ranks(const double *at, size_t n, double *rank);

/* Spearman's correlation of X and Y [N], and its two-sided p by Student's t (1 where N < 4). */
double spearman(const double *x, const double *y, size_t n, double *p);

#endif
