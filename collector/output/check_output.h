/* check_output: the verdicts of `modprof check`, for people and for programs. */
#ifndef COLLECTOR_OUTPUT_CHECK_OUTPUT_H
#define COLLECTOR_OUTPUT_CHECK_OUTPUT_H

#include <stdio.h>

#include "collector/budget/verdict.h"
#include "collector/output/table.h"

enum { JSON_CHECK_VERSION = 2 };

struct check_report {
    const struct budget *budget;
    const struct findings *findings;
    struct digest *const *digest;
    size_t digest_n;
    /* Where the trace of each digest is to be found: NULL for one that is not kept.  NULL as a whole: where
     * it was read. */
    const char *const *trace;
    const struct run_groups *groups;
    const struct baseline *baseline; /* NULL: none was given */
    const char *file;                /* the budgets, as seen from the top of the repository */
    int status;                      /* the exit status */
    int all;                         /* 1: text shows every rule */
    int lenient;                     /* 1: a missing baseline and unstable runs only warn */
};

/* Each writes the whole report. */
void check_text(const struct check_report *r,
                const struct canvas *c);                  /* at most 40 lines unless all */
void check_json(const struct check_report *r, FILE *out); /* docs/check.schema.json */
void check_junit(const struct check_report *r, FILE *out);
void check_github(const struct check_report *r, FILE *out); /* workflow commands */
/* Markdown of the step, at most ROOM bytes. */
void check_github_summary(const struct check_report *r, FILE *out, size_t room);
void check_gitlab(const struct check_report *r, FILE *out); /* code quality */
void check_sarif(const struct check_report *r, FILE *out);  /* SARIF 2.1.0 */
void check_openmetrics(const struct check_report *r, FILE *out);

/* ---- what they share (check_sentence.c); texts are released with free() ---- */

/* "module.total app.*: 31.2 ms (app.heavy) is 11.2 ms (56%) over the limit of 20 ms". */
char *check_sentence(const struct finding *f);
/* Why there is no verdict, or "nothing that it speaks of happened"; "" otherwise. */
const char *check_reason(const struct finding *f);
/* "app.heavy (31.2 ms)", "" where there is no place. */
char *check_place(const struct finding *f);
/* How far beyond its bound: "12.3%", "x54" from ten times on, "" where the bound is 0.  OUT[HUMAN_MAX]. */
char *check_share(char *out, const struct finding *f);
/* How much a finding matters to whoever reads the result. */
enum check_weight {
    WEIGHT_NONE,    /* pass, off */
    WEIGHT_NOTE,    /* untested */
    WEIGHT_WARNING, /* does not change the exit status */
    WEIGHT_ERROR
};
enum check_weight check_weight(const struct check_report *r, const struct finding *f);
/* "+12.3% against 20 ms (10 runs against 10, 95% interval +8.0% to +15.1%)"; "" without a comparison. */
char *check_change(const struct finding *f);
/* Verdict that stands for the whole: the worst one. */
const char *check_word(const struct check_report *r);
/* The order in which verdicts are told: what has to be looked at first. */
extern const enum verdict check_verdicts[VERDICT_N];
/* The numbers of the findings, in that order; released with free(). */
size_t *check_order(const struct findings *f);

#endif
