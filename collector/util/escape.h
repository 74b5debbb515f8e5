/* escape: names come from other people's programs: bytes that a terminal or a JSON reader would
 * not take as text are made harmless. */
#ifndef COLLECTOR_UTIL_ESCAPE_H
#define COLLECTOR_UTIL_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* Length of the UTF-8 sequence at AT (N bytes left) and its code point, or 0 where the bytes are
 * not UTF-8 (overlong forms and surrogates are not). */
size_t escape_utf8(const char *at, size_t n, uint32_t *code);

/* For people: control characters, invisible and direction-changing characters and bytes that are
 * not UTF-8 become \n, \t, \x1b, \u{202e}; in a locale of single bytes all beyond ASCII.  Returned text is released with free(). */
char *escape_text(const char *at, size_t n);

/* For programs: bytes that are not UTF-8 become U+FFFD, everything else stays.  *OUT_N is the
 * length; the text may hold NULs.  Released with free(). */
char *escape_utf8_only(const char *at, size_t n, size_t *out_n);

#endif
