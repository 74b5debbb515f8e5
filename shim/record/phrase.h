/* phrase: puts names together without stdio.
 *
 * Context: any.  What does not fit is dropped and noted in `cut`. */
#ifndef SHIM_RECORD_PHRASE_H
#define SHIM_RECORD_PHRASE_H

#include <stddef.h>
#include <stdint.h>

struct phrase {
    char *at; /* always ends with NUL */
    size_t n, cap;
    int cut;
};

static inline struct phrase phrase_in(char *out, size_t cap)
{
    out[0] = 0;
    return (struct phrase){out, 0, cap, 0};
}

static inline void phrase_add_n(struct phrase *p, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p->n + 1 >= p->cap) {
            p->cut = 1;
            break;
        }
        p->at[p->n++] = bytes[i];
    }
    p->at[p->n] = 0;
}

static inline void phrase_add(struct phrase *p, const char *z)
{
    phrase_add_n(p, z, __builtin_strlen(z));
}

static inline void phrase_add_number(struct phrase *p, uint64_t v)
{
    char digits[20];
    size_t n = sizeof digits;
    do
        digits[--n] = (char)('0' + v % 10);
    while (v /= 10);
    phrase_add_n(p, digits + n, sizeof digits - n);
}

#endif
