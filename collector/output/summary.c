/* summary: see summary.h. */
#include "collector/output/summary.h"

int summary_print(const char *path, FILE *out, struct err *err)
{
    (void)path;
    (void)out;
    err->text[0] = 0;
    return 0;
}
