/* outlier: see outlier.h. */
#include "collector/stat/outlier.h"

#include <math.h>
#include <string.h>

void outliers_find(struct outliers *o, const struct describe *d, const double *at, size_t n)
{
    double iqr = d->q3 - d->q1, robust = 1.4826 * d->mad;
    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < n; i++) {
        o->low += at[i] < d->q1 - 1.5 * iqr;
        o->high += at[i] > d->q3 + 1.5 * iqr;
        o->severe += at[i] < d->q1 - 3 * iqr || at[i] > d->q3 + 3 * iqr;
        o->mad += fabs(at[i] - d->median) > 3.5 * robust;
    }
}
