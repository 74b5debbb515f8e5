/* lua_file: what an executable or a library on disk holds that concerns the shim: a copy of Lua, of
 * which version, whether its entries can be redirected; and what stands in the way.
 *
 * Context: collector. */
#ifndef COLLECTOR_SYMBOL_LUA_FILE_H
#define COLLECTOR_SYMBOL_LUA_FILE_H

#include <stddef.h>

#include "collector/util/err.h"
#include "probe/entry_x86_64.h"
#include "probe/lua_ident.h"

enum {
#define HOOK(group, name, ret, params) LUA_FILE_HOOK_##name,
#include "probe/lua_api.def"
    LUA_FILE_HOOK_N
};

/* A function of Lua that the shim redirects. */
struct lua_file_entry {
    const char *name, *group; /* a group goes together */
    enum entry_verdict verdict;
};

struct lua_file {
    char *path;
    int elf;             /* 0: no ELF file; nothing below is valid then */
    int x86_64;          /* 64-bit code for this kind of machine */
    const char *machine; /* for people: "x86-64", "32-bit x86" */
    int program;         /* 1: can be started; 0: a library or an object file */
    char *interpreter;   /* the dynamic loader it asks for; NULL: none */
    char **needed;       /* names of libraries, as it asks for them */
    size_t needed_n;
    int lua;          /* 1: it defines Lua's API, or is nameless */
    int lua_exported; /* 1: in its dynamic symbols; 0: in .symtab only */
    int nameless;     /* 1: Lua is in it, but no symbol table says where its functions are */
    struct lua_version version;
    const char *missing; /* a function without which nothing can be covered; NULL: none */
    struct lua_file_entry entry[LUA_FILE_HOOK_N];
    /* Where the collector begins its steps, and calls finalizers; ENTRY_ABSENT: it can not be told. */
    enum entry_verdict collector_step, collector_finalize;
    int text_relocations, defines_malloc, defines_ffi_call, imports_dlopen;
};

/* Reads PATH.  Returns 0 (also for files that are no ELF file), or -1 with ERR where it can not be
 * read.  Either way to be released. */
int lua_file_read(struct lua_file *f, const char *path, struct err *err);
void lua_file_release(struct lua_file *f);

/* Number of entries that can be redirected: those whose whole group can. */
size_t lua_file_movable_n(const struct lua_file *f);

#endif
