/* bench_output: what `modprof bench` says: for people and as JSON (docs/bench.schema.json). */
#ifndef COLLECTOR_OUTPUT_BENCH_OUTPUT_H
#define COLLECTOR_OUTPUT_BENCH_OUTPUT_H

#include "collector/bench/bench_judge.h"
#include "collector/output/table.h"
#include "collector/util/human.h"

enum { BENCH_SCHEMA_VERSION = 1 };

struct bench_report {
    const struct bench_judgement *judgement;
    const char *machine;
    const char *commit; /* "" unknown */
    int dirty;
    const char *baseline;      /* its name, or NULL */
    const char *baseline_text; /* "of 2026-01-02 03:04:05, commit abcdef1" */
    const char *missing;       /* why there is nothing to compare with, or NULL */
    int status;                /* exit status */
};

void bench_text(const struct bench_report *r, const struct canvas *c);
void bench_json(const struct bench_report *r, FILE *out);

/* ---- shared ---- */

/* VALUE in M's unit, fit for people, to OUT[HUMAN_MAX]; returns OUT. */
char *bench_show(char *out, const char *unit, double value);
const char *bench_side_name(enum bench_side side); /* "app", "reference" */

/* What is worth knowing about the figures, one sentence each, through TELL. */
typedef void bench_tell(void *ctx, int warning, const char *sentence);
void bench_notes(const struct bench_report *r, bench_tell *tell, void *ctx);

#endif
