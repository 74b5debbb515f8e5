/* distribution: the few distribution functions that tests and intervals need.  Pure. */
#ifndef COLLECTOR_STAT_DISTRIBUTION_H
#define COLLECTOR_STAT_DISTRIBUTION_H

#include <stddef.h>
#include <stdint.h>

/* P(Z <= z) of the standard normal, and its inverse (0 < p < 1). */
double normal_cdf(double z);
double normal_quantile(double p);

/* P(T <= t) of Student's t with DF > 0 degrees of freedom, and its inverse (0 < p < 1). */
double student_cdf(double t, double df);
double student_quantile(double p, double df);

/* P(X >= K) and P(X <= K) of a binomial distribution: N trials of probability P. */
double binomial_at_least(uint64_t k, uint64_t n, double p);
double binomial_at_most(uint64_t k, uint64_t n, double p);

/* P(X <= K) of the number of heads in N tosses. */
double binomial_half_cdf(size_t k, size_t n);

#endif
