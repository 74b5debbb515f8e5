/* distribution: see distribution.h. */
#include "collector/stat/distribution.h"

#include <math.h>

double normal_cdf(double z)
{
    return 0.5 * erfc(-z * M_SQRT1_2);
}

/* An inverse by bisection: exact to the last digits, and called too seldom to matter. */
static double inverse(double (*cdf)(double, double), double parameter, double p)
{
    double low = -1, high = 1;
    while (cdf(low, parameter) > p && low > -1e300)
        low *= 2;
    while (cdf(high, parameter) < p && high < 1e300)
        high *= 2;
    for (int i = 0; i < 200 && low < high; i++) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            break;
        if (cdf(middle, parameter) < p)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

static double normal_cdf_of(double z, double unused)
{
    (void)unused;
    return normal_cdf(z);
}

double normal_quantile(double p)
{
    return inverse(normal_cdf_of, 0, p);
}

/* The continued fraction of the incomplete beta function, by Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
    enum { STEPS = 10000 };
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m < STEPS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step = 1;
        for (int half = 0; half < 2; half++) {
            double k = half ? odd : even;
            d = 1 + k * d;
            c = 1 + k / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            step = d * c;
            h *= step;
        }
        if (fabs(step - 1) < 1e-16)
            break;
    }
    return h;
}

static double beta_regular(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x >= 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_cdf(double t, double df)
{
    double square = t * t; /* of the two forms the one that keeps its digits */
    double tail = square < df ? 0.5 - 0.5 * beta_regular(0.5, df / 2, square / (df + square))
                              : 0.5 * beta_regular(df / 2, 0.5, df / (df + square));
    return t < 0 ? tail : 1 - tail;
}

double student_quantile(double p, double df)
{
    return inverse(student_cdf, df, p);
}

double binomial_at_least(uint64_t k, uint64_t n, double p)
{
    if (!k)
        return 1;
    return k > n ? 0 : beta_regular((double)k, (double)(n - k) + 1, p);
}

double binomial_at_most(uint64_t k, uint64_t n, double p)
{
    return k >= n ? 1 : beta_regular((double)(n - k), (double)k + 1, 1 - p);
}

double binomial_half_cdf(size_t k, size_t n)
{
    double sum = 0, whole = lgamma((double)n + 1) - (double)n * M_LN2;
    for (size_t i = 0; i <= k && i <= n; i++)
        sum += exp(whole - lgamma((double)i + 1) - lgamma((double)(n - i) + 1));
    return sum < 1 ? sum : 1;
}
