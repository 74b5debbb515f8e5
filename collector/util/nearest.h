/* nearest: which of some known words somebody probably meant. */
#ifndef COLLECTOR_UTIL_NEAREST_H
#define COLLECTOR_UTIL_NEAREST_H

#include <stddef.h>

/* Number of insertions, deletions, replacements and swaps of neighbours from A to B; words longer
 * than 63 bytes are cut. */
size_t nearest_distance(const char *a, const char *b);

/* The word of WORDS[N] nearest to GIVEN, or NULL where none is near enough to be worth naming. */
const char *nearest_word(const char *given, const char *const *words, size_t n);

#endif
