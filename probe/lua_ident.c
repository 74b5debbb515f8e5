/* lua_ident: the version of a copy of Lua.  See lua_ident.h. */
#include "probe/lua_ident.h"

#include <string.h>

enum { IDENT_LOOK_BYTES = 64 };

static void set(struct lua_version *v, enum lua_flavour flavour, const char *name, size_t n)
{
    if (n >= sizeof v->name)
        n = sizeof v->name - 1;
    v->flavour = flavour;
    memcpy(v->name, name, n);
    v->name[n] = '\0';
}

static enum lua_flavour flavour_of(char minor)
{
    switch (minor) {
    case '1':
        return LUA_FLAVOUR_51;
    case '2':
        return LUA_FLAVOUR_52;
    case '3':
        return LUA_FLAVOUR_53;
    case '4':
        return LUA_FLAVOUR_54;
    case '5':
        return LUA_FLAVOUR_55;
    default:
        return LUA_FLAVOUR_OTHER;
    }
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Length of "Lua 5.4" or "Lua 5.4.4" at P, 0 where it is something else. */
static size_t version_length(const char *p, size_t n)
{
    if (n < 7 || memcmp(p, "Lua ", 4) != 0 || !is_digit(p[4]) || p[5] != '.' || !is_digit(p[6]))
        return 0;
    size_t i = 7;
    if (i + 1 < n && p[i] == '.' && is_digit(p[i + 1])) {
        i++;
        while (i < n && is_digit(p[i]))
            i++;
    } else if (i < n && is_digit(p[i])) {
        return 0; /* a minor version of two digits: none of those known here */
    }
    return i;
}

int lua_ident_parse(const char *ident, size_t n, struct lua_version *out)
{
    set(out, LUA_FLAVOUR_UNKNOWN, "", 0);
    if (n > IDENT_LOOK_BYTES)
        n = IDENT_LOOK_BYTES;
    n = strnlen(ident, n);
    if (n < 4 || memcmp(ident, "$Lua", 4) != 0)
        return 0;
    const char *colon = memchr(ident, ':', n);
    if (colon == NULL || (size_t)(colon - ident) + 2 >= n || colon[1] != ' ')
        return 0;
    const char *at = colon + 2;
    size_t length = version_length(at, n - (size_t)(at - ident));
    if (length == 0)
        return 0;
    set(out, at[4] == '5' ? flavour_of(at[6]) : LUA_FLAVOUR_OTHER, at, length);
    return 1;
}

void lua_ident_fingerprint(lua_ident_has *has, void *ctx, struct lua_version *out)
{
    /* Newest first: every version keeps nearly all functions of the one before. */
    static const struct {
        const char *function, *name;
        enum lua_flavour flavour;
    } marks[] = {
        {"luaJIT_setmode", "LuaJIT", LUA_FLAVOUR_JIT},
        {"lua_numbertocstring", "Lua 5.5", LUA_FLAVOUR_55},
        {"luaL_makeseed", "Lua 5.5", LUA_FLAVOUR_55},
        {"lua_setwarnf", "Lua 5.4", LUA_FLAVOUR_54},
        {"lua_toclose", "Lua 5.4", LUA_FLAVOUR_54},
        {"lua_rotate", "Lua 5.3", LUA_FLAVOUR_53},
        {"lua_callk", "Lua 5.2", LUA_FLAVOUR_52},
        {"lua_getfenv", "Lua 5.1", LUA_FLAVOUR_51},
        {"lua_objlen", "Lua 5.1", LUA_FLAVOUR_51},
    };
    set(out, LUA_FLAVOUR_UNKNOWN, "", 0);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (has(ctx, marks[i].function)) {
            set(out, marks[i].flavour, marks[i].name, strlen(marks[i].name));
            return;
        }
}
