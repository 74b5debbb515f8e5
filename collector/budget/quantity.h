/* quantity: what metrics are measured in, and how people write it: "500 ms", "24 MiB", "12k". */
#ifndef COLLECTOR_BUDGET_QUANTITY_H
#define COLLECTOR_BUDGET_QUANTITY_H

#include "collector/util/err.h"
#include "collector/util/human.h"

/* In ns, bytes, pieces, percent. */
enum quantity { QUANTITY_TIME, QUANTITY_BYTES, QUANTITY_COUNT, QUANTITY_SHARE };

/* Reads TEXT as a Q. Returns 0, or -1 with ERR: no number, no unit, an unknown one (with the nearest),
 * or the unit of something else. */
int quantity_read(enum quantity q, const char *text, double *value, struct err *err);

/* Writes VALUE for people to OUT[HUMAN_MAX] and returns OUT. */
char *quantity_show(char *out, enum quantity q, double value);

const char *quantity_name(enum quantity q);  /* "a time", "a size", "a count", "a share" */
const char *quantity_units(enum quantity q); /* "ns, us, ms, s, min" */
const char *
quantity_unit(enum quantity q); /* of the values themselves: "ns", "bytes", "count", "percent" */

#endif
