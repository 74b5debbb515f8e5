/* cells: see cells.h. */
#include "collector/output/cells.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "collector/util/escape.h"
#include "collector/util/xalloc.h"

/* One character: its bytes, and its width through *WIDTH. */
static size_t step(const char *at, size_t left, size_t *width)
{
    uint32_t code;
    size_t n = escape_utf8(at, left, &code);
    if (!n || MB_CUR_MAX == 1) { /* there a byte is a character */
        *width = 1;
        return 1;
    }
    int w = n == 1 ? 1 : wcwidth((wchar_t)code);
    *width = w < 0 ? 0 : (size_t)w;
    return n;
}

size_t cells_width(const char *text)
{
    size_t left = strlen(text), width = 0, w;
    while (left) {
        size_t n = step(text, left, &w);
        text += n;
        left -= n;
        width += w;
    }
    return width;
}

static const char *dots(void)
{
    return MB_CUR_MAX > 1 ? "\xe2\x80\xa6" : "..";
}

/* Bytes of the longest start of TEXT that is at most WIDTH wide. */
static size_t head_bytes(const char *text, size_t width)
{
    size_t left = strlen(text), used = 0, w;
    const char *at = text;
    while (left) {
        size_t n = step(at, left, &w);
        if (used + w > width)
            break;
        used += w;
        at += n;
        left -= n;
    }
    return (size_t)(at - text);
}

char *cells_cut(const char *text, size_t width, int at_start)
{
    size_t whole = cells_width(text), dots_width = cells_width(dots());
    if (whole <= width)
        return xstrdup(text);
    size_t room = width > dots_width ? width - dots_width : 0;
    if (at_start) {
        size_t skip = head_bytes(text, whole - room);
        if (cells_width(text + skip) > room) /* a wide character straddles the cut */
            skip += head_bytes(text + skip, 2);
        return xformat("%s%s", dots(), text + skip);
    }
    return xformat("%.*s%s", (int)head_bytes(text, room), text, dots());
}
