/* terminal: see terminal.h. */
#include "collector/util/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

unsigned terminal_width(int fd)
{
    struct winsize w;
    if (ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col)
        return w.ws_col;
    const char *columns = getenv("COLUMNS");
    unsigned long n = columns ? strtoul(columns, NULL, 10) : 0;
    return n > 100000 ? 0 : (unsigned)n;
}

int terminal_color(int fd, enum terminal_color wanted)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (wanted != COLOR_AUTO)
        return wanted == COLOR_ALWAYS;
    return !(no && *no) && isatty(fd) && term && strcmp(term, "dumb") != 0;
}
