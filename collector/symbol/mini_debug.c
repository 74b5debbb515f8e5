/* mini_debug: see mini_debug.h. */
#include "collector/symbol/mini_debug.h"

#include <lzma.h>
#include <stdlib.h>

#include "collector/util/xalloc.h"

enum { FIRST_BYTES = 256 << 10, BYTES_MAX = 64 << 20, MEMORY_MAX = 128 << 20 };

/* Returns 0 where all of it was unpacked. */
static int unpack(lzma_stream *s, char **out, size_t *out_n)
{
    size_t room = FIRST_BYTES;
    lzma_ret result = LZMA_OK;
    *out_n = 0;
    *out = xmalloc(room);
    while (result == LZMA_OK && *out_n < BYTES_MAX) {
        if (*out_n == room)
            *out = xrealloc(*out, room *= 2, 1);
        s->next_out = (uint8_t *)*out + *out_n;
        s->avail_out = room - *out_n;
        result = lzma_code(s, LZMA_FINISH);
        *out_n = room - s->avail_out;
    }
    return result != LZMA_STREAM_END;
}

char *mini_debug_unpack(const void *packed, size_t n, size_t *out_n)
{
    lzma_stream s = LZMA_STREAM_INIT;
    char *out = NULL;
    if (lzma_stream_decoder(&s, MEMORY_MAX, 0) != LZMA_OK)
        return NULL;
    s.next_in = packed;
    s.avail_in = n;
    int bad = unpack(&s, &out, out_n);
    lzma_end(&s);
    if (!bad)
        return out;
    free(out);
    return NULL;
}
