/* nearest: optimal string alignment distance, on short words.  See nearest.h. */
#include "collector/util/nearest.h"

#include <string.h>

enum { WORD_MAX = 63 };

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t an = min(strlen(a), WORD_MAX), bn = min(strlen(b), WORD_MAX);
    for (size_t j = 0; j <= bn; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= an; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min(replaced, min(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min(row[j], above2[j - 2] + 1);
        }
    }
    return rows[an % 3][bn];
}

const char *nearest_word(const char *given, const char *const *words, size_t n)
{
    const char *best = NULL;
    size_t best_distance = strlen(given) / 3 + 2; /* the first distance that is too far */
    for (size_t i = 0; i < n; i++) {
        size_t d = nearest_distance(given, words[i]);
        if (d < best_distance && d < strlen(words[i])) {
            best = words[i];
            best_distance = d;
        }
    }
    return best;
}
