/* page_json: the document that the page shows; docs/PAGE.md describes it. */
#ifndef COLLECTOR_OUTPUT_PAGE_JSON_H
#define COLLECTOR_OUTPUT_PAGE_JSON_H

#include <stdio.h>

#include "collector/analyse/digest.h"
#include "collector/budget/verdict.h"

enum { JSON_PAGE_VERSION = 1 };

struct page_options {
    int with_source; /* 1: texts of the Lua files that ran */
};

/* One metric of earlier runs of the same command, oldest first. */
struct page_point {
    int64_t at_ns; /* since 1970 */
    double median, low, high;
    const char *commit; /* "" unknown */
};
struct page_series {
    const char *metric, *place, *param, *unit, *machine;
    int more_is_better;
    const struct page_point *point;
    size_t n;
};

struct page_verdicts;

struct page_trace {
    const char *name, *href; /* href: where it is to be had; NULL: it is part of the document */
    uint64_t bytes;
    struct digest *const *digest; /* of its processes */
    size_t digest_n;
    const struct budget *budget;          /* NULL: none */
    const struct page_verdicts *verdicts; /* instead of what follows, or NULL */
    const struct findings *findings;
    const struct run_groups *groups; /* that FINDINGS are of; NULL with them */
    const char *check_error;         /* why there are none though there is a .modprof; NULL */
    const struct page_series *series;
    size_t series_n;
};

struct page {
    const char *title;
    const struct page_trace *trace;
    size_t trace_n;
    int compare; /* 1: the first two are to be compared */
    int live;    /* 1: served */
    struct page_options options;
};

/* The whole document, and a newline. */
void page_json(const struct page *p, FILE *out);
/* A document of one trace, for its href. */
void page_trace_json(const struct page_trace *t, const struct page_options *o, FILE *out);

#endif
