/* json_report: a report for programs; docs/report.schema.json describes it. */
#ifndef COLLECTOR_OUTPUT_JSON_REPORT_H
#define COLLECTOR_OUTPUT_JSON_REPORT_H

#include <stdio.h>

#include "collector/analyse/digest.h"
#include "collector/output/report_options.h"

enum { JSON_REPORT_VERSION = 1 };

/* Writes one JSON object with all processes to OUT, and a newline. */
void json_report(struct digest *const *d, size_t n, const struct report_options *o, FILE *out);

#endif
