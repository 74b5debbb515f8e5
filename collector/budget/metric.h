/* metric: what budgets can be set for (metrics.def), and what is known of each. */
#ifndef COLLECTOR_BUDGET_METRIC_H
#define COLLECTOR_BUDGET_METRIC_H

#include <stdint.h>

#include "collector/budget/quantity.h"

enum metric_id {
#define METRIC(id, ...) METRIC_##id,
#include "collector/budget/metrics.def"
    METRIC_N,
    METRIC_NONE = METRIC_N
};

enum metric_timing {
    TIMING_EXACT,
    TIMING_TIMED, /* differs from run to run; times hold what other programs took of the processor */
    TIMING_CPU    /* the same without that */
};
enum metric_direction { DIRECTION_LESS, DIRECTION_MORE };
enum metric_way { WAY_WHOLE, WAY_SUM, WAY_EACH };
enum metric_place {
    PLACE_MODULE = 1,
    PLACE_FUNC = 2,
    PLACE_PHASE = 4,
    PLACE_KIND = 8,
    PLACE_CHUNK = 16,
    PLACE_LIBRARY = 32,
    PLACE_MARK = 64,
    PLACE_INTERVAL = 128,
    PLACE_LINE = 256
};
enum metric_needs { NEED_LUA = 1, NEED_C = 2, NEED_END = 4 };

struct metric {
    const char *name, *summary;
    enum quantity quantity;
    enum metric_timing timing;
    enum metric_direction direction;
    enum metric_way way;
    unsigned places, needs;
    uint32_t spoilt; /* bits of enum loss */
    enum metric_id contributor;
};

const struct metric *metric_at(enum metric_id id);
enum metric_id metric_number(const struct metric *m);

/* The metric of this name, or NULL; *NEAREST is then the name probably meant, or NULL. */
const struct metric *metric_find(const char *name, const char **nearest);

#endif
