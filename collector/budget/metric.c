/* metric: see metric.h. */
#include "collector/budget/metric.h"

#include <string.h>

#include "collector/util/nearest.h"
#include "wire/enums.h"

#define BIT(loss) (UINT32_C(1) << LOSS_##loss)
#define SPOIL_SPANS (BIT(RING_FULL) | BIT(STRINGS_FULL) | BIT(SPANS) | BIT(SINK))
#define SPOIL_TRIES BIT(TRIES)
#define SPOIL_HITS (BIT(HITS_FULL) | BIT(STRINGS_FULL) | BIT(SINK))
#define SPOIL_CHUNKS (BIT(CHUNKS_FULL) | BIT(TEXTS_FULL) | BIT(STRINGS_FULL) | BIT(SINK))
#define SPOIL_LUA (BIT(STATES_FULL) | BIT(THREADS_FULL) | BIT(MEMORY) | BIT(SINK))
#define SPOIL_C (BIT(THREADS_FULL) | BIT(OBJECTS_FULL) | BIT(MEMORY) | BIT(SINK))
#define SPOIL_SITES (SPOIL_LUA | BIT(SITES_FULL) | BIT(TRACK_FULL) | BIT(NODES_FULL))
#define SPOIL_MARKS (BIT(MARKS) | BIT(STRINGS_FULL) | BIT(SINK))
#define SPOIL_CALLS \
    (BIT(FUNCTIONS_FULL) | BIT(THREADS_FULL) | BIT(STRINGS_FULL) | BIT(MEMORY) | BIT(SINK))

static const struct metric metrics[] = {
#define METRIC(id, name, quantity, timing, direction, way, places, needs, spoilt, contributor, \
               sum) \
    { \
        name, \
        sum, \
        QUANTITY_##quantity, \
        TIMING_##timing, \
        DIRECTION_##direction, \
        WAY_##way, \
        places, \
        needs, \
        spoilt, \
        METRIC_##contributor},
#include "collector/budget/metrics.def"
};

const struct metric *metric_at(enum metric_id id)
{
    return &metrics[id];
}

enum metric_id metric_number(const struct metric *m)
{
    return (enum metric_id)(m - metrics);
}

const struct metric *metric_find(const char *name, const char **nearest)
{
    const char *names[METRIC_N];
    for (int i = 0; i < METRIC_N; i++) {
        if (!strcmp(metrics[i].name, name))
            return &metrics[i];
        names[i] = metrics[i].name;
    }
    *nearest = nearest_word(name, names, METRIC_N);
    return NULL;
}
