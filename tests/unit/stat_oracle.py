"""What scipy and numpy say about the samples of tests/unit/test_stat.c.

One case a line: its kind, the numbers of values, the values, and what is to come out of them."""
import numpy
from scipy import stats

rng = numpy.random.default_rng(20)


def say(kind, sizes, *numbers):
    flat = [float(x) for part in numbers for x in numpy.atleast_1d(part)]
    print(kind, *sizes, *(repr(x) for x in flat))


def median_interval(sorted_values):
    n = len(sorted_values)
    r = 0
    while r < n // 2 and stats.binom.cdf(r, n, 0.5) <= 0.025:
        r += 1
    r = max(r, 1)
    return sorted_values[r - 1], sorted_values[n - r]


def describe(x):
    n = len(x)
    q = numpy.quantile(x, [0.25, 0.5, 0.75, 0.95, 0.99])
    low, high = stats.t.interval(0.95, n - 1, x.mean(), x.std(ddof=1) / n**0.5)
    say("describe", [n], x, x.min(), x.max(), x.mean(), x.std(ddof=1), q,
        stats.median_abs_deviation(x), median_interval(numpy.sort(x)), low, high)


def mann_whitney(a, b):
    ties = len(set(a) | set(b)) < len(a) + len(b)
    exact = not ties and len(a) + len(b) <= 40
    r = stats.mannwhitneyu(b, a, method="exact" if exact else "asymptotic")
    say("mann_whitney", [len(a), len(b)], a, b, r.statistic, r.pvalue, exact)


def ratio(a, b):
    """A bootstrap with ten times as many draws and other random numbers."""
    draws = [numpy.median(rng.choice(b, len(b))) / numpy.median(rng.choice(a, len(a))) for _ in range(20000)]
    say("ratio", [len(a), len(b)], a, b, numpy.quantile(draws, [0.025, 0.975]))


for n in (2, 3, 5, 6, 9, 10, 31, 100, 257):
    describe(rng.lognormal(3, 0.4, n))
describe(numpy.round(rng.normal(10, 2, 50)))
for an, bn in ((1, 1), (2, 3), (5, 5), (4, 9), (20, 20), (21, 20), (60, 45), (300, 200)):
    mann_whitney(rng.normal(10, 1, an), rng.normal(10.4, 1, bn))
    mann_whitney(numpy.round(rng.normal(10, 2, an)), numpy.round(rng.normal(11, 2, bn)))
# Nearly all are tied; one value against many; all of one side below the other; all the same but one.
mann_whitney(numpy.array([1.0] * 30 + [2.0]), numpy.array([1.0] * 20 + [2.0] * 3))
mann_whitney(numpy.array([5.5]), rng.normal(5, 1, 39))
mann_whitney(numpy.arange(10.0), numpy.arange(10.0) + 100)
mann_whitney(numpy.array([3.0] * 9), numpy.array([3.0] * 8 + [4.0]))
mann_whitney(numpy.round(rng.normal(2, 1, 400)), numpy.round(rng.normal(2, 1, 3)))
for n in (4, 10, 50, 300):
    x, y = rng.normal(0, 1, n), rng.normal(0, 1, n)
    for z in (y, x + y, numpy.round(x + y)):
        r = stats.spearmanr(x, z)
        say("spearman", [n], x, z, r.correlation, r.pvalue)
for an, bn in ((10, 10), (31, 17), (100, 101)):
    ratio(rng.lognormal(3, 0.1, an), rng.lognormal(3.02, 0.1, bn))
for p in (1e-9, 0.001, 0.025, 0.3, 0.5, 0.975, 0.999999):
    say("normal", [], p, stats.norm.ppf(p))
    for df in (1, 2, 3.5, 10, 99, 5000):
        say("student", [], p, df, stats.t.ppf(p, df))
for k, n in ((0, 1), (0, 6), (2, 11), (40, 100), (480, 1000)):
    say("binomial", [], k, n, stats.binom.cdf(k, n, 0.5))
