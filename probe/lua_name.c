/* lua_name: see lua_name.h. */
#include "probe/lua_name.h"

#include <string.h>

static size_t number_at(const char **p)
{
    size_t n = 0;
    while (**p >= '0' && **p <= '9' && n < 1000)
        n = n * 10 + (size_t)(*(*p)++ - '0');
    return n;
}

/* The name within SYMBOL, and its length; of C as it stands. */
static const char *own_name(const char *symbol, size_t *n)
{
    const char *at = symbol;
    if (strncmp(symbol, "_Z", 2) == 0) {
        at += 2;
        *n = number_at(&at);
        /* Parts of functions that compilers put elsewhere have a dot in their names. */
        if (*n != 0 && strnlen(at, *n) == *n && strchr(at, '.') == NULL)
            return at;
        at = symbol;
    }
    *n = strlen(at);
    return at;
}

int lua_name_begins(const char *symbol)
{
    if (strncmp(symbol, "_Z", 2) == 0) {
        symbol += 2;
        number_at(&symbol);
    }
    return strncmp(symbol, "lua", 3) == 0;
}

int lua_name_is(const char *symbol, const char *name)
{
    size_t n;
    const char *own = own_name(symbol, &n);
    return strncmp(own, name, n) == 0 && name[n] == '\0';
}
