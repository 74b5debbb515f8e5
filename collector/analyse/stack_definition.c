/* stack_definition: finds the name of a function in the line of source where it is defined.  See
 * stack_names.h. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "collector/analyse/stack_names.h"

static const char keyword[] = "function";
enum { KEYWORD_N = sizeof keyword - 1 };

static int is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Behind the short string that begins at AT, or END. */
static const char *string_end(const char *at, const char *end)
{
    for (char quote = *at++; at < end && *at != quote; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

/* The next `function` outside of strings and comments, or NULL. */
static const char *next_function(const char *at, const char *end)
{
    const char *begin = at;
    while (at < end) {
        if (*at == '"' || *at == '\'') {
            at = string_end(at, end);
        } else if (end - at >= 2 && at[0] == '-' && at[1] == '-') {
            return NULL;
        } else if (end - at >= KEYWORD_N && !memcmp(at, keyword, KEYWORD_N) &&
                   (at == begin || !is_word(at[-1])) &&
                   (end - at == KEYWORD_N || !is_word(at[KEYWORD_N]))) {
            return at;
        } else {
            at++;
        }
    }
    return NULL;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && isspace((unsigned char)*at))
        at++;
    return at;
}

static const char *skip_blanks_back(const char *at, const char *begin)
{
    while (at > begin && isspace((unsigned char)at[-1]))
        at--;
    return at;
}

static int is_path(char c)
{
    return is_word(c) || c == '.' || c == ':';
}

static int take(const char *from, const char *to, char out[STACK_NAME_MAX])
{
    if (to <= from || to - from >= STACK_NAME_MAX || isdigit((unsigned char)*from))
        return -1;
    memcpy(out, from, (size_t)(to - from));
    out[to - from] = 0;
    return 0;
}

static int word_before(const char *begin, const char *at, const char *word)
{
    size_t n = strlen(word);
    at = skip_blanks_back(at, begin);
    return (size_t)(at - begin) >= n && !memcmp(at - n, word, n) &&
           ((size_t)(at - begin) == n || !is_word(at[-n - 1]));
}

/* function a.b:c( */
static int named_behind(const char *begin, const char *f, const char *end, char *out, int *is_local)
{
    const char *from = skip_blanks(f + KEYWORD_N, end), *to = from;
    while (to < end && is_path(*to))
        to++;
    *is_local = word_before(begin, f, "local");
    return take(from, to, out);
}

/* a.b = function(, local a = function(, ["a"] = function( */
static int named_before(const char *begin, const char *f, char *out, int *is_local)
{
    const char *to = skip_blanks_back(f, begin), *from;
    if (to == begin || to[-1] != '=' || (to - begin > 1 && strchr("=~<>", to[-2])))
        return -1;
    to = skip_blanks_back(to - 1, begin);
    if (to - begin > 4 && to[-1] == ']' && (to[-2] == '"' || to[-2] == '\'')) {
        char quote = to[-2];
        for (to -= 2, from = to; from > begin && from[-1] != quote; from--)
            if (!is_word(from[-1]))
                return -1;
        return take(from, to, out);
    }
    for (from = to; from > begin && is_path(from[-1]); from--)
        ;
    *is_local = word_before(begin, from, "local");
    return take(from, to, out);
}

int stack_name_in_line(const char *line, size_t n, char out[STACK_NAME_MAX], int *is_local)
{
    const char *end = line + n, *f = next_function(line, end);
    *is_local = 0;
    if (!f || next_function(f + KEYWORD_N, end))
        return -1;
    return named_behind(line, f, end, out, is_local) == 0 ? 0
                                                          : named_before(line, f, out, is_local);
}
