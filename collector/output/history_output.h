/* history_output: what `modprof history` shows: for people and as JSON (docs/history.schema.json). */
#ifndef COLLECTOR_OUTPUT_HISTORY_OUTPUT_H
#define COLLECTOR_OUTPUT_HISTORY_OUTPUT_H

#include "collector/history/timeline.h"
#include "collector/output/table.h"

enum { HISTORY_SCHEMA_VERSION = 1 };

struct history_report {
    const char *path, *machine;
    const struct timeline *at;
    size_t n;
    size_t more;                             /* series that were left out */
    size_t elsewhere;                        /* series of other machines, which nobody asked for */
    size_t shown;                            /* points of each; 0: only the list of series */
    const struct store_baselines *baselines; /* instead of series; NULL */
};

void history_baselines(const struct history_report *r, const struct canvas *c);
void history_text(const struct history_report *r, const struct canvas *c);
void history_json(const struct history_report *r, FILE *out);

#endif
