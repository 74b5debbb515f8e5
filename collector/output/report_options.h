/* report_options: what the user wants to see, as `modprof report` understood it. */
#ifndef COLLECTOR_OUTPUT_REPORT_OPTIONS_H
#define COLLECTOR_OUTPUT_REPORT_OPTIONS_H

#include <stddef.h>

#include "collector/analyse/crossing_pick.h"
#include "collector/analyse/span_pick.h"

enum report_sort {
    SORT_DEFAULT,
    SORT_ORDER,
    SORT_TOTAL,
    SORT_SELF,
    SORT_LUA,
    SORT_NAME,
    SORT_CALLS
};

enum report_section {
    SECTION_OVERVIEW = 1, /* with coverage and losses */
    SECTION_MODULES = 2,
    SECTION_ALLOCATIONS = 4,
    SECTION_CROSSINGS = 8,
    SECTION_CPU = 16,
    SECTION_MEMORY = 32, /* with collector, marks, and memory over time */
    SECTION_ALL = 63,
    SECTION_LEAKS = 1 << 17, /* --leaks, --growth */
    SECTION_GROWTH = 1 << 18,
    SECTION_SIZES = 1 << 16 /* opens files and compiles them: only when asked for by name */
};

struct leak_filter; /* analyse/memory_leaks.h */

struct report_options {
    unsigned sections; /* enum report_section */
    enum report_sort sort;
    size_t top;                            /* rows of a table, at most; SIZE_MAX: all */
    const char *filter;                    /* util/pattern.h, or NULL */
    const char *growth_from, *growth_to;   /* names of marks */
    const struct leak_filter *leak_filter; /* suppressions, or NULL */
    const char *annotate; /* a Lua file to show line by line instead of the sections, or NULL */
};

/* What a sort key means for modules, and for functions. */
enum span_order span_order_for(enum report_sort s);
enum crossing_order crossing_order_for(enum report_sort s);

#endif
