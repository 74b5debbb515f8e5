/* json_memory: parts that the JSON of memory and of leaks share. */
#ifndef COLLECTOR_OUTPUT_JSON_MEMORY_H
#define COLLECTOR_OUTPUT_JSON_MEMORY_H

#include <jansson.h>

#include "collector/analyse/memory_rows.h"

json_t *json_memory_row(const struct memory_row *r);
/* Adds the members of SUMS to object V. */
void json_put_sums(json_t *v, const struct memory_sums *s);

#endif
