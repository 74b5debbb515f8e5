/* command_text: see command_text.h. */
#include "collector/util/command_text.h"

#include <string.h>

static const char *past_quotes(const char *at)
{
    return at + strspn(at, "'\\");
}

int command_same(const char *a, const char *b)
{
    a = past_quotes(a);
    b = past_quotes(b);
    while (*a && *a == *b) {
        a = past_quotes(a + 1);
        b = past_quotes(b + 1);
    }
    return *a == *b;
}

/* A word and the last part of it. */
struct word {
    const char *at;
    size_t n;
};

static const char *word_take(struct word *w, const char *text)
{
    const char *end = text + strcspn(text, " ");
    w->at = text;
    for (const char *p = text; p < end; p++)
        if (*p == '/')
            w->at = p + 1;
    w->n = (size_t)(end - w->at);
    return end + strspn(end, " ");
}

int command_alike(const char *a, const char *b)
{
    for (int i = 0; i < 2; i++) {
        struct word x, y;
        a = word_take(&x, a);
        b = word_take(&y, b);
        if (x.n != y.n || memcmp(x.at, y.at, x.n) != 0)
            return 0;
    }
    return 1;
}
