/* text_series: figures over time as bars. */
#ifndef COLLECTOR_OUTPUT_TEXT_SERIES_H
#define COLLECTOR_OUTPUT_TEXT_SERIES_H

#include <stddef.h>

/* One bar for each of VALUE[N], none higher than the largest; what is above 0 has one.  Released with free(). */
char *series_bars(const double *value, size_t n);

#endif
