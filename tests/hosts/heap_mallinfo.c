/* heap_mallinfo: what the C library says of its heap, beside what the trace says of it. */
/* LINK: -llua5.4 -ldl */
/* Marks the moments a, b and c; prints `MARK C_BYTES LUA_BYTES` for each: bytes held by C, by mallinfo2, since a; and by Lua,
 * as its count says. The C library counts whole chunks: what they have beyond malloc_usable_size is taken off, and so are
 * Lua's blocks. To be run with GLIBC_TUNABLES=glibc.malloc.tcache_count=0, since blocks in that cache count as held. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>

#include "tests/hosts/host.h"

/* Chunks in use, by the host's own reckoning: bytes beyond the usable ones, and usable bytes that are Lua's. */
static size_t beyond, lua_usable;

static size_t chunk_beyond(const void *p)
{
    uintptr_t at = (uintptr_t)p; /* the compiler does not know what is in front of a block */
    __asm__("" : "+r"(at));
    size_t head = ((const size_t *)at)[-1];
    return head & 2 ? 16 : 8; /* a mapping of its own, or a part of the heap */
}

static void *taken(void *p)
{
    beyond += chunk_beyond(p);
    return p;
}

static void *leaving(void *p)
{
    beyond -= chunk_beyond(p);
    return p;
}

static void *for_lua(void *ud, void *p, size_t osize, size_t nsize)
{
    (void)ud, (void)osize;
    if (p) {
        lua_usable -= malloc_usable_size(p);
        leaving(p);
    }
    if (!nsize) {
        free(p);
        return NULL;
    }
    p = realloc(p, nsize);
    lua_usable += malloc_usable_size(p);
    return taken(p);
}

static size_t chunks(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd - beyond - lua_usable;
}

/* modprof_mark of the shim, where there is one. */
static void mark(const char *name, size_t base, lua_State *L)
{
    static void (*take)(const char *);
    if (!take)
        *(void **)&take = dlsym(RTLD_DEFAULT, "modprof_mark");
    size_t held = chunks() - base;
    if (take)
        take(name);
    printf("%s %zu %zu\n", name, held,
           (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB));
}

enum { BLOCKS = 3000 };
static void *block[BLOCKS];

static void *make(size_t i)
{
    if (i % 500 == 0)
        return calloc(300, i + 1000);
    return i % 7 == 0 ? memalign(256, i) : malloc(i);
}

/* Of all sizes, also such as get mappings of their own; aligned ones; a third goes again. */
static void work(lua_State *L)
{
    for (size_t i = 0; i < BLOCKS; i++)
        block[i] = taken(make(i));
    for (int i = 0; i < BLOCKS; i += 3) {
        free(leaving(block[i]));
        block[i] = NULL;
    }
    for (int i = 1; i < BLOCKS; i += 3) {
        leaving(block[i]);
        block[i] = taken(realloc(block[i], (size_t)(i % 2 ? 3 * i : i / 2) + 1));
    }
    host_run(L, "kept = {} for i = 1, 2000 do kept[i] = { i, tostring(i) } end return 1");
}

static void undo(void)
{
    for (int i = 0; i < BLOCKS; i++)
        if (block[i])
            free(leaving(block[i]));
}

int main(void)
{
    static char out[1 << 16];
    setvbuf(stdout, out, _IOFBF, sizeof out);
    mallopt(M_MXFAST, 0);
    lua_State *L = lua_newstate(for_lua, NULL);
    luaL_openlibs(L);
    size_t base = chunks();
    mark("a", base, L);
    work(L);
    mark("b", base, L);
    undo();
    mark("c", base, L);
    lua_close(L);
    return 0;
}
