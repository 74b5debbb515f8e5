/* pattern: see pattern.h. */
#include "collector/util/pattern.h"

#include <fnmatch.h>
#include <string.h>

int pattern_match(const char *pattern, const char *name)
{
    if (!pattern)
        return 1;
    if (strpbrk(pattern, "*?["))
        return fnmatch(pattern, name, 0) == 0;
    return strstr(name, pattern) != NULL;
}
