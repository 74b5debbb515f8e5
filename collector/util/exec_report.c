/* exec_report: see exec_report.h. */
#include "collector/util/exec_report.h"

#include <errno.h>
#include <unistd.h>

enum { NOT_TOLD = 126, TOLD = 127 }; /* exit statuses as a shell has them; nobody looks */

void exec_report_fail(int fd)
{
    int why = errno;
    _exit(write(fd, &why, sizeof why) == sizeof why ? TOLD : NOT_TOLD);
}

int exec_report_read(int fd)
{
    int why = 0;
    ssize_t n;
    do
        n = read(fd, &why, sizeof why);
    while (n < 0 && errno == EINTR);
    return n == sizeof why ? why : 0;
}
