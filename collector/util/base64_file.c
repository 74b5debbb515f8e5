/* base64_file: see base64_file.h. */
#include "collector/util/base64_file.h"

#include <stdlib.h>
#include <sys/types.h>

#include "collector/util/xalloc.h"

enum { LINE_BYTES = 57 }; /* 76 characters */

struct base64 {
    FILE *under;
    unsigned char line[LINE_BYTES];
    size_t n;
};

static int line_put(struct base64 *b)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char out[LINE_BYTES / 3 * 4 + 1], *at = out;
    for (size_t i = 0; i < b->n; i += 3) {
        size_t n = b->n - i;
        unsigned v = (unsigned)b->line[i] << 16 | (n > 1 ? (unsigned)b->line[i + 1] << 8 : 0) |
                     (n > 2 ? b->line[i + 2] : 0);
        *at++ = digit[v >> 18];
        *at++ = digit[v >> 12 & 63];
        *at++ = n > 1 ? digit[v >> 6 & 63] : '=';
        *at++ = n > 2 ? digit[v & 63] : '=';
    }
    if (b->n)
        *at++ = '\n';
    b->n = 0;
    size_t out_n = (size_t)(at - out);
    return fwrite(out, 1, out_n, b->under) == out_n ? 0 : -1;
}

static ssize_t take(void *cookie, const char *at, size_t n)
{
    struct base64 *b = cookie;
    for (size_t i = 0; i < n; i++) {
        b->line[b->n++] = (unsigned char)at[i];
        if (b->n == LINE_BYTES && line_put(b))
            return 0;
    }
    return (ssize_t)n;
}

static int end(void *cookie)
{
    struct base64 *b = cookie;
    int bad = line_put(b);
    free(b);
    return bad;
}

FILE *base64_file_open(FILE *under)
{
    struct base64 *b = xcalloc(1, sizeof *b);
    b->under = under;
    FILE *f = fopencookie(b, "w", (cookie_io_functions_t){.write = take, .close = end});
    if (!f)
        free(b);
    return f;
}
