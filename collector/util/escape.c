/* escape: see escape.h. */
#include "collector/util/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

size_t escape_utf8(const char *at, size_t n, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = (unsigned char)at[0];
    size_t len = c < 0x80                ? 1
                 : c >= 0xc2 && c < 0xe0 ? 2
                 : (c & 0xf0) == 0xe0    ? 3
                 : c >= 0xf0 && c < 0xf5 ? 4
                                         : 0;
    if (!len || len > n)
        return 0;
    uint32_t v = len == 1 ? c : c & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)at[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | ((unsigned char)at[i] & 0x3f);
    }
    if (v < smallest[len] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
        return 0;
    *code = v;
    return len;
}

/* Invisible, or able to rearrange the text around it. */
static int is_treacherous(uint32_t c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

enum { ESCAPED_MAX = 12 };

/* Writes the escape of one character, returns its length; 0 where it can stay. */
static size_t escape_one(char *out, uint32_t c, size_t len, unsigned char byte)
{
    if (!len)
        return (size_t)snprintf(out, ESCAPED_MAX, "\\x%02x", byte);
    if (c == '\n' || c == '\t' || c == '\r')
        return (size_t)snprintf(out, ESCAPED_MAX, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return (size_t)snprintf(out, ESCAPED_MAX, "\\x%02x", c);
    if (is_treacherous(c) || (c >= 0x80 && MB_CUR_MAX == 1))
        return (size_t)snprintf(out, ESCAPED_MAX, "\\u{%x}", c);
    return 0;
}

char *escape_text(const char *at, size_t n)
{
    size_t cap = n + ESCAPED_MAX + 1, used = 0;
    char *out = xmalloc(cap);
    for (size_t i = 0; i < n;) {
        uint32_t code = 0;
        size_t len = escape_utf8(at + i, n - i, &code);
        if (cap - used <= ESCAPED_MAX)
            out = xrealloc(out, cap *= 2, 1);
        size_t wrote = escape_one(out + used, code, len, (unsigned char)at[i]);
        if (!wrote)
            memcpy(out + used, at + i, wrote = len);
        used += wrote;
        i += len ? len : 1;
    }
    out[used] = 0;
    return out;
}

char *escape_utf8_only(const char *at, size_t n, size_t *out_n)
{
    char *out = xmalloc(3 * n + 1);
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        uint32_t code;
        size_t len = escape_utf8(at + i, n - i, &code);
        memcpy(out + used, len ? at + i : "\xef\xbf\xbd", len ? len : 3);
        used += len ? len : 3;
        i += len ? len : 1;
    }
    out[used] = 0;
    *out_n = used;
    return out;
}
