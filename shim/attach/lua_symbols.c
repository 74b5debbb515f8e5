/* lua_symbols: finds Lua's functions in a loaded object, and tells its version.  See
 * lua_symbols.h. */
#include "shim/attach/lua_symbols.h"

#include <string.h>
#include <sys/auxv.h>

#include "probe/lua_name.h"
#include "shim/attach/symtab.h"

const char *const lua_symbol_name[LUA_SYMBOL_N] = {
#define HOOK(group, name, ret, params) #name,
#define USE(name, ret, params) #name,
#include "probe/lua_api.def"
    "lua_ident",
};

/* Lua that was compiled as C++, and is exported. */
static int is_cxx(const struct image *im)
{
    struct symbol s;
    return image_symbol(im, LUA_NAME_CXX_NEWSTATE, 0, &s);
}

/* What closes a coroutine has another name in older versions, and is not there where nobody needs it. */
static int is_renamed(int i)
{
    return i == LUA_SYMBOL_lua_closethread || i == LUA_SYMBOL_lua_resetthread;
}

static void take_older_name(struct symbol found[LUA_SYMBOL_N])
{
    if (found[LUA_SYMBOL_lua_closethread].address == 0)
        found[LUA_SYMBOL_lua_closethread] = found[LUA_SYMBOL_lua_resetthread];
}

void lua_symbols_find(const struct image *im, struct symbol found[LUA_SYMBOL_N])
{
    struct symtab file;
    int missing = 0;
    memset(found, 0, LUA_SYMBOL_N * sizeof *found);
    for (int i = 0; i < LUA_SYMBOL_N; i++)
        missing += !image_symbol(im, lua_symbol_name[i], i == LUA_SYMBOL_IDENT, &found[i]) &&
                   !is_renamed(i);
    if (missing && is_cxx(im))
        image_cxx_symbols(im, lua_symbol_name, LUA_SYMBOL_N, found);
    if (missing && symtab_open(&file, im) == 0) {
        symtab_find(&file, im, lua_symbol_name, LUA_SYMBOL_N, found);
        symtab_close(&file);
    }
    take_older_name(found);
}

static int is_ourselves(const struct image *im)
{
    uint64_t here = (uint64_t)(uintptr_t)&lua_symbols_present;
    return here >= im->lo && here < im->hi;
}

/* Lua's core can do without none of these: errors leave by longjmp or as exceptions (which a
 * program may have linked in), strings are compared by strcoll, numbers read with the locale's
 * point.  Most libraries import none, and their files need not be opened. */
static int may_hold_lua(const struct image *im)
{
    static const char *const wanted[] = {"_setjmp",     "setjmp",     "__sigsetjmp", "sigsetjmp",
                                         "__cxa_throw", "localeconv", "strcoll"};
    if (im->bias == getauxval(AT_BASE)) /* the dynamic linker */
        return 0;
    return im->path[0] == '\0' || image_may_import(im, wanted, sizeof wanted / sizeof *wanted);
}

int lua_symbols_present(const struct image *im)
{
    struct symbol s;
    struct symtab file;
    if (im->hi == 0 || is_ourselves(im))
        return 0;
    if (image_symbol(im, "lua_newstate", 0, &s) || is_cxx(im))
        return 1;
    if (!may_hold_lua(im) || symtab_open(&file, im) != 0)
        return 0;
    if (symtab_mentions(&file, "lua_newstate")) {
        static const char *const name[] = {"lua_newstate"};
        symtab_find(&file, im, name, 1, &s);
    }
    symtab_close(&file);
    return s.address != 0 || s.size == UINT64_MAX;
}

static int has_function(void *ctx, const char *name)
{
    const struct image *im = ctx;
    struct symbol s;
    struct symtab file;
    if (image_symbol(im, name, 0, &s))
        return 1;
    if (symtab_open(&file, im) != 0)
        return 0;
    if (symtab_mentions(&file, name))
        symtab_find(&file, im, &name, 1, &s);
    symtab_close(&file);
    return s.address != 0 || s.size == UINT64_MAX;
}

void lua_symbols_version(const struct image *im, const struct symbol found[LUA_SYMBOL_N],
                         struct lua_version *v)
{
    const struct symbol *ident = &found[LUA_SYMBOL_IDENT];
    const ElfW(Phdr) *p = ident->address != 0 ? image_segment(im, ident->address) : NULL;
    if (p != NULL) {
        size_t left = im->bias + p->p_vaddr + p->p_filesz - ident->address;
        if (lua_ident_parse((const char *)(uintptr_t)ident->address, left, v))
            return;
    }
    lua_ident_fingerprint(has_function, (void *)(uintptr_t)im, v);
}
