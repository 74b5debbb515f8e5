/* report_options: see report_options.h. */
#include "collector/output/report_options.h"

enum span_order span_order_for(enum report_sort s)
{
    return s == SORT_TOTAL  ? SPAN_BY_TOTAL
           : s == SORT_SELF ? SPAN_BY_SELF
           : s == SORT_LUA  ? SPAN_BY_LUA
           : s == SORT_NAME ? SPAN_BY_NAME
                            : SPAN_BY_BEGIN;
}

enum crossing_order crossing_order_for(enum report_sort s)
{
    return s == SORT_NAME    ? CROSSING_BY_LABEL
           : s == SORT_TOTAL ? CROSSING_BY_TOTAL
           : s == SORT_ORDER ? CROSSING_BY_ID
                             : CROSSING_BY_CALLS;
}
