/* bench_judge: what the samples say: figures, verdicts, growth.  From the bench, for the outputs. */
#ifndef COLLECTOR_BENCH_BENCH_JUDGE_H
#define COLLECTOR_BENCH_BENCH_JUDGE_H

#include "collector/bench/bench_model.h"
#include "collector/stat/drift.h"
#include "collector/stat/order_fit.h"
#include "collector/stat/outlier.h"

struct bench_figures {
    struct describe d; /* n = 0: nothing was measured */
    struct outliers outliers;
    struct drift drift;
};

/* One metric at one value of the parameter. */
struct bench_row {
    const struct bench_metric *metric;
    size_t value; /* number of the bench's value */
    struct bench_figures side[SIDE_N];
    int compared; /* both sides have values; VERSUS means something */
    struct versus versus;
    double detectable;  /* a change that as many runs of two programs find; NAN: too few runs */
    size_t recommended; /* runs of each that find a change of rule.detect */
};

/* How one metric of one side grows with the parameter. */
struct bench_growth {
    const struct bench_metric *metric;
    enum bench_side side;
    struct order_fit fit;
};

enum bench_verdict {
    BENCH_MEASURED, /* nothing was compared */
    BENCH_PASS,
    BENCH_REGRESSED,
    BENCH_NO_VERDICT, /* unstable, or not measured */
};

struct bench_judgement {
    const struct bench *bench;
    struct bench_row *row; /* by metric, then by value */
    size_t row_n;
    struct bench_growth *growth;
    size_t growth_n;
    enum bench_verdict verdict;
};

void bench_judge(struct bench_judgement *j, const struct bench *b);
void bench_judgement_release(struct bench_judgement *j);

const char *
bench_verdict_name(enum bench_verdict v); /* "measured", "pass", "regressed", "no verdict" */

#endif
