/* verbose: see verbose.h. */
#include "shim/record/verbose.h"

#include <string.h>
#include <unistd.h>

#include "shim/record/config.h"

void verbose_line(const char *const *parts, unsigned n)
{
    char line[1024] = "modprof: ";
    size_t at = strlen(line);
    if (!config.verbose)
        return;
    for (unsigned i = 0; i < n; i++)
        for (const char *p = parts[i]; *p != '\0' && at < sizeof line - 1; p++)
            line[at++] = *p;
    line[at++] = '\n';
    (void)!write(STDERR_FILENO, line, at);
}
