/* measure: what a rule's metric comes to in one process, and where most of it is. */
#ifndef COLLECTOR_BUDGET_MEASURE_H
#define COLLECTOR_BUDGET_MEASURE_H

#include "collector/analyse/digest.h"
#include "collector/budget/budget.h"

struct measured {
    size_t n;           /* what matched; 0: nothing, and the rest means nothing */
    double value;       /* of `each`: the largest */
    double smallest;    /* of `each`: the smallest; else as value */
    const char *place;  /* that contributes most, fit for people; "" */
    double place_value; /* how much that is */
    const char *smallest_place;
    const char *doubt; /* why the true value may be larger (or, for NEED_END, another); NULL */
    int lower_bound;   /* 1: an estimate that is at most the true value */
    double unseen;     /* the true value is larger by at most this; of all items together */
    int few;           /* 1: DOUBT is that there are too few values: more could sink it as well */
    uint64_t rate_ns;  /* what a rate is over; 0: the whole process */
};

/* Texts stand in the process's pool. */
void measure(const struct rule *r, struct digest *d, struct measured *m);

/* Tells every item of metric M in D: TAKE(CTX, value, error, place), where a place may come more than once.  ERROR: standard
 * error of an estimate, else 0.  *UNSEEN: the true value is larger by at most this.  Returns why the values may be
 * lower than that, or NULL. */
typedef void measure_take(void *ctx, double value, double error, const char *place);
const char *measure_each(const struct metric *m, struct digest *d, measure_take *take, void *ctx,
                         double *unseen);

/* ---- between measure.c and measure_items.c ---- */

/* Takes the items that a metric is made of. */
struct measure_sink {
    const struct rule *rule;
    struct digest *digest;
    struct measured *m;
    double sum;
    double *value; /* every item, where the rule wants a quantile of them; released by measure */
    size_t value_cap;
    char *wanted;       /* measure_modules.c: what is known of each name; NULL elsewhere */
    measure_take *take; /* NULL, or told every item */
    void *ctx;
};
/* One item at PLACE (in the process's pool or longer-lived; "" none). */
void measure_item(struct measure_sink *s, double value, const char *place);
/* The same of an estimate with its standard error. */
void measure_estimate(struct measure_sink *s, double value, double error, const char *place);

typedef void measure_items(struct measure_sink *s);
extern measure_items *const measure_items_of[METRIC_N];

#endif
