/* gzip_file: see gzip_file.h. */
#include "collector/util/gzip_file.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <zlib.h>

#include "collector/util/xalloc.h"

enum { OUT_BYTES = 64 << 10, GZIP = 16 };

struct gzip {
    z_stream z;
    FILE *under;
    unsigned char out[OUT_BYTES];
};

static int pump(struct gzip *g, int flush)
{
    int r;
    do {
        g->z.next_out = g->out;
        g->z.avail_out = OUT_BYTES;
        r = deflate(&g->z, flush);
        size_t n = OUT_BYTES - g->z.avail_out;
        if (r == Z_STREAM_ERROR || fwrite(g->out, 1, n, g->under) != n)
            return -1;
    } while (g->z.avail_in || (flush == Z_FINISH && r != Z_STREAM_END));
    return 0;
}

static ssize_t take(void *cookie, const char *at, size_t n)
{
    struct gzip *g = cookie;
    g->z.next_in = (unsigned char *)(uintptr_t)at; /* read only, whatever its type says */
    g->z.avail_in = (uInt)n;
    return pump(g, Z_NO_FLUSH) ? 0 : (ssize_t)n;
}

static int end(void *cookie)
{
    struct gzip *g = cookie;
    int bad = pump(g, Z_FINISH);
    deflateEnd(&g->z);
    free(g);
    return bad;
}

FILE *gzip_file_open(FILE *under, int level)
{
    struct gzip *g = xcalloc(1, sizeof *g);
    g->under = under;
    if (deflateInit2(&g->z, level, Z_DEFLATED, MAX_WBITS + GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(g);
        errno = ENOMEM;
        return NULL;
    }
    FILE *f = fopencookie(g, "w", (cookie_io_functions_t){.write = take, .close = end});
    if (!f) {
        deflateEnd(&g->z);
        free(g);
        return NULL;
    }
    setvbuf(f, NULL, _IOFBF, 1 << 16);
    return f;
}
