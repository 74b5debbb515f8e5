/* empty_dir: see empty_dir.h. */
#include "collector/util/empty_dir.h"

#include <dirent.h>
#include <stddef.h>

int empty_dir(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;
    if (!d)
        return 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n == 2; /* . and .. */
}
