/* json_sections: the sections of the report for programs; docs/report.schema.json describes them.
 * Each returns a new value. */
#ifndef COLLECTOR_OUTPUT_JSON_SECTIONS_H
#define COLLECTOR_OUTPUT_JSON_SECTIONS_H

#include <jansson.h>

#include "collector/analyse/digest.h"
#include "collector/output/report_options.h"

json_t *json_modules(struct digest *d, const struct report_options *o);
json_t *json_hits(struct digest *d, const struct report_options *o);
json_t *json_chunks(struct digest *d, const struct report_options *o);
json_t *json_sizes(struct digest *d, const struct report_options *o);
json_t *json_cpu(struct digest *d, const struct report_options *o);
json_t *json_allocations(struct digest *d, const struct report_options *o);
json_t *json_memory(struct digest *d, const struct report_options *o);
json_t *json_collector(struct digest *d);
json_t *json_leaks(struct digest *d, const struct report_options *o);
json_t *json_growth(struct digest *d,
                    const struct report_options *o); /* o->growth_from, growth_to */
json_t *json_crossings(struct digest *d, const struct report_options *o);

#endif
