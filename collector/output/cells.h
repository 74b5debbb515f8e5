/* cells: how wide text is on a terminal, and how to make it narrower. */
#ifndef COLLECTOR_OUTPUT_CELLS_H
#define COLLECTOR_OUTPUT_CELLS_H

#include <stddef.h>

/* Terminal columns that TEXT takes (UTF-8). */
size_t cells_width(const char *text);

/* A copy at most WIDTH columns wide, with ".." (or the ellipsis sign in a UTF-8 locale) where text
 * was cut: at the end, or at the start.  Released with free(). */
char *cells_cut(const char *text, size_t width, int at_start);

#endif
