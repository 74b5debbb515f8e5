/* chunk_name: chunk names as the trace keeps them.  Context: any; no allocation. */
#include "shim/hooks/chunk_name.h"

#include <string.h>

static size_t put(char *out, size_t at, const char *z)
{
    size_t n = strlen(z);
    memcpy(out + at, z, n);
    return at + n;
}

static size_t of_text(char *out, const char *text)
{
    size_t room = CHUNK_TEXT - sizeof "[string \"...\"]";
    size_t n = strnlen(text, room + 1);
    const char *newline = memchr(text, '\n', n);
    int whole = !newline && n < room;
    if (newline)
        n = (size_t)(newline - text);
    if (n > room)
        n = room;
    size_t at = put(out, 0, "[string \"");
    memcpy(out + at, text, n);
    return put(out, at + n, whole ? "\"]" : "...\"]");
}

size_t chunk_name(char *out, const char *source)
{
    if (!source)
        source = "?";
    if (*source != '@' && *source != '=')
        return of_text(out, source);
    size_t n = strnlen(source, CHUNK_NAME);
    memcpy(out, source, n);
    return n;
}
