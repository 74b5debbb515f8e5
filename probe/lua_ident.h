/* lua_ident: which Lua is this?
 *
 * In: the bytes of the exported string lua_ident, or what functions there are.  Out: the version.
 * Context: any; pure. */
#ifndef PROBE_LUA_IDENT_H
#define PROBE_LUA_IDENT_H

#include <stddef.h>

enum lua_flavour {
    LUA_FLAVOUR_UNKNOWN = 0,
    LUA_FLAVOUR_51 = 51,
    LUA_FLAVOUR_52 = 52,
    LUA_FLAVOUR_53 = 53,
    LUA_FLAVOUR_54 = 54,
    LUA_FLAVOUR_55 = 55,
    LUA_FLAVOUR_JIT = 100,
    LUA_FLAVOUR_OTHER = 101 /* says that it is Lua, of a version not known here */
};

struct lua_version {
    enum lua_flavour flavour;
    char name[32]; /* for people: "Lua 5.4.4", "Lua 5.3", "LuaJIT"; "" where unknown */
};

/* Reads "$LuaVersion: Lua 5.4.4  Copyright..." (5.2 and later) or "$Lua: Lua 5.1.5 ..." (5.1).
 * IDENT need not end with a NUL.  Returns 1, or 0 where no version stands there. */
int lua_ident_parse(const char *ident, size_t n, struct lua_version *out);

/* Tells the version from the functions that are there; for copies without lua_ident.  HAS answers
 * whether a function of that name is defined. */
typedef int lua_ident_has(void *ctx, const char *function);
void lua_ident_fingerprint(lua_ident_has *has, void *ctx, struct lua_version *out);

#endif
