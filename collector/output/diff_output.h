/* diff_output: a comparison for people and for programs (docs/diff.schema.json). */
#ifndef COLLECTOR_OUTPUT_DIFF_OUTPUT_H
#define COLLECTOR_OUTPUT_DIFF_OUTPUT_H

#include "collector/diff/diff.h"
#include "collector/output/table.h"

enum { DIFF_JSON_VERSION = 1 };

struct diff_report {
    const struct diff *diff;
    const struct diff_side *side; /* [SIDE_N] */
    const struct diff_options *options;
    const char *only; /* a section's name; NULL: all */
    size_t top;       /* rows of each section */
    int all;          /* 1: also what is no news */
};

void diff_text(const struct diff_report *r, const struct canvas *c);
void diff_json(const struct diff_report *r, FILE *out);

const char *diff_by_name(enum frame_by by); /* "function", "line", "module" */

/* 1 where the section is asked for. */
int diff_shows(const struct diff_report *r, const struct diff_section *s);

#endif
