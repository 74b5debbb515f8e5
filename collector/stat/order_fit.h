/* order_fit: how a cost grows with the size of the work.  Pure; fixed seed.
 *
 * Each order f(n) is fitted as a + b f(n), a and b >= 0, to the medians, weighted by their errors; the
 * one with the least Bayesian information criterion wins. Its confidence is the share of draws from the
 * runs (bootstrap) in which it wins too. The exponent is that of a + b n^k; with three sizes or
 * fewer, of b n^k (regression on logarithms). Where no order fits and n^k does, that is the order. */
#ifndef COLLECTOR_STAT_ORDER_FIT_H
#define COLLECTOR_STAT_ORDER_FIT_H

#include "collector/stat/describe.h"

enum order {
    ORDER_1,
    ORDER_LOG,
    ORDER_N,
    ORDER_N_LOG,
    ORDER_N2,
    ORDER_N3,
    ORDER_POWER,
    ORDER_NONE
};

enum { ORDER_POINTS_MAX = 64 };

struct order_point {
    double n;         /* size of the work, > 0 */
    const double *at; /* what its runs cost */
    size_t at_n;      /* > 0 */
};

struct order_fit {
    enum order order;            /* ORDER_NONE: fewer than 3 different sizes */
    double a, b;                 /* of the order that won */
    double confidence;           /* 0 .. 1 */
    enum order second;           /* that wins most of the other draws; ORDER_NONE */
    double exponent;             /* k */
    struct interval exponent_ci; /* 95 % */
};

void order_fit(struct order_fit *f, const struct order_point *point, size_t n);

const char *order_name(enum order o); /* "1", "log n", "n", "n log n", "n^2", "n^3", "n^k" */

#endif
