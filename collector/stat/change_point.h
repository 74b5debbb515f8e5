/* change_point: where a series changes its level, and stays there.  Pure.
 *
 * Method: the split with the largest standardised Mann-Whitney statistic is a change where fewer
 * than one in a hundred shuffles of the series has a split as large (fixed seed); then both sides
 * are searched in the same way (binary segmentation). No shape of the noise is assumed. */
#ifndef COLLECTOR_STAT_CHANGE_POINT_H
#define COLLECTOR_STAT_CHANGE_POINT_H

#include <stddef.h>

enum { CHANGE_SIDE_MIN = 3 }; /* values that must stand on either side */

struct change_point {
    size_t at;            /* the first value of the new level */
    double before, after; /* medians of the stretches on both sides */
    double p;
};

/* Finds at most MAX changes in AT[N], in the order of the series; returns how many. */
size_t change_points_find(const double *at, size_t n, struct change_point *out, size_t max);

#endif
