/* lua_symbols: the functions of lua_api.def in a loaded object, by its dynamic symbols or, where these
 * lack them, by the .symtab of its file.
 *
 * Context: constructor, dlopen entry, loader callback. No allocation; the object is not called. */
#ifndef SHIM_ATTACH_LUA_SYMBOLS_H
#define SHIM_ATTACH_LUA_SYMBOLS_H

#include "probe/lua_ident.h"
#include "shim/attach/image.h"

/* Every function of lua_api.def, and lua_ident behind them. */
enum lua_symbol {
#define HOOK(group, name, ret, params) LUA_SYMBOL_##name,
#define USE(name, ret, params) LUA_SYMBOL_##name,
#include "probe/lua_api.def"
    LUA_SYMBOL_IDENT,
    LUA_SYMBOL_N
};
extern const char *const lua_symbol_name[LUA_SYMBOL_N];

/* 1 where IM defines Lua's API, of whatever version. Cheap for objects that do not. */
int lua_symbols_present(const struct image *im);

/* What is not found has address 0, and size UINT64_MAX where it is there twice. */
void lua_symbols_find(const struct image *im, struct symbol found[LUA_SYMBOL_N]);

void lua_symbols_version(const struct image *im, const struct symbol found[LUA_SYMBOL_N],
                         struct lua_version *v);

#endif
