/* measure_parts: what the measure_* files share: each holds the items of some metrics. */
#ifndef COLLECTOR_BUDGET_MEASURE_PARTS_H
#define COLLECTOR_BUDGET_MEASURE_PARTS_H

#include "collector/budget/measure.h"

/* A name that SET of the rule allows and its exceptions do not hold. */
int measure_wanted(const struct rule *r, const struct name_set *set, const char *name);

/* A figure of all Lua states: there is none without a state. */
void measure_lua_figure(struct measure_sink *s, uint64_t value);

#define METRIC(id, ...) measure_items measure_##id;
#include "collector/budget/metrics.def"

#endif
