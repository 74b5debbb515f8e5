/* flame_export: stacks and spans in the formats of other programs. */
#ifndef COLLECTOR_OUTPUT_FLAME_EXPORT_H
#define COLLECTOR_OUTPUT_FLAME_EXPORT_H

#include <stdio.h>

#include "collector/analyse/stack_tree.h"
#include "collector/model/model.h"

struct export_about {
    const char *title;      /* fit for people */
    const char *program;    /* path of the first process's executable; "" not known */
    uint64_t start_real_ns; /* of the first process */
    uint64_t duration_ns;
    uint64_t period_ns; /* 0: not sampled */
};

/* profile.proto of pprof, compressed with gzip.  Returns 0, or -1 where that failed. */
int flame_pprof(const struct stack_tree *t, const struct export_about *about, FILE *out);

/* speedscope's file format (JSON): each stack with its weight. */
void flame_speedscope(const struct stack_tree *t, const struct export_about *about, FILE *out);

/* The spans of N processes as trace events (JSON) for chrome://tracing and Perfetto. */
void flame_chrome(struct process *const *p, size_t n, FILE *out);

/* TEXT as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void flame_json_text(FILE *out, const char *text);

#endif
