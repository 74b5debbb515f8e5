/* heap_oracle: a host whose allocator keeps its own books of what Lua asks for; argv[1] says how. */
/* LINK: -llua5.4 */
/* counted    an allocator of the host's own; prints its books, in the words of the report's JSON
 * plain      the same work with luaL_newstate's allocator; prints nothing
 * limited N  as counted, refusing everything beyond N bytes
 * moved      as counted, with the allocator changed in the middle (the books go on)
 * coroutine  as counted, closed through a coroutine
 * buffers    library buffers, which the allocator gets past Lua's core: prints blocks and calls
 * many N     N states open at once, each with a table in it; prints nothing */
#include <stdint.h>

#include "tests/hosts/heap_books.h"
#include "tests/hosts/host.h"

static void *counting_too(void *ud, void *p, size_t osize, size_t nsize)
{
    return counting(ud, p, osize, nsize);
}

static void show(const struct books *b)
{
    for (int i = 0; i < 16; i++)
        if (b->kind_n[i])
            printf("kind %s %zu %zu\n", kind_name[i], b->kind_n[i], b->kind_bytes[i]);
    for (int i = 1; i < 40; i++)
        if (b->class_n[i] || b->class_gone[i])
            printf("class %zu %zu %zu\n", class_limit(i), b->class_n[i], b->class_gone[i]);
    printf("resized %zu\ngrown_bytes %zu\nshrunk_bytes %zu\nfreed_bytes %zu\nrefused %zu\n",
           b->resized, b->grown, b->shrunk, b->freed, b->refused);
    printf("peak_bytes %zu\nlive_bytes %zu\ncalls_for_lua %zu\n", b->peak, b->live_at_close,
           b->calls);
}

static const char work[] =
    "local keep = {} "
    "for i = 1, 3000 do local s = ('x'):rep(i % 300) .. i keep[i % 700] = {s, i, n = i} end "
    "for i = 1, 200 do local n = i keep[#keep + 1] = function() n = n + 1 return n end end "
    "for i = 1, 100 do local co = coroutine.wrap(function(a) coroutine.yield(a) end) co(i) end "
    "for i = 1, 50 do load('local a = ... return function() return a end')(i) end "
    "local long = {} for i = 1, 20000 do long[i] = i end "
    "collectgarbage() keep = nil collectgarbage() "
    "return 1";

static int open_and_work(lua_State *L)
{
    luaL_openlibs(L);
    if (luaL_dostring(L, work))
        return lua_error(L);
    return 0;
}

/* Books and Lua agree before anything is compared with the shim. */
static int at_close(struct books *b, lua_State *L)
{
    b->live_at_close = b->live;
    size_t counted = (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB);
    return counted == b->live;
}

static int with_books(const char *way, size_t limit)
{
    struct books b = {.limit = limit};
    lua_State *L = lua_newstate(counting, &b);
    if (!L) {
        show(&b);
        return 0;
    }
    lua_pushcfunction(L, open_and_work);
    int status = lua_pcall(L, 0, 0, 0);
    if (!strcmp(way, "moved"))
        lua_setallocf(L, counting_too, &b);
    lua_settop(L, 0);
    host_run(L, "for i = 1, 100 do local t = {i} end return 1");
    lua_State *co = !strcmp(way, "coroutine") ? lua_newthread(L) : L;
    int agree = at_close(&b, L);
    lua_close(co);
    show(&b);
    return !agree || b.live != 0 || (limit == SIZE_MAX && status);
}

static int buffers(void)
{
    struct books b = {.limit = SIZE_MAX};
    lua_State *L = lua_newstate(counting, &b);
    luaL_openlibs(L);
    host_run(L, "for i = 1, 20 do string.rep('y', 5000 * i) end return 1");
    lua_close(L);
    size_t blocks = 0;
    for (int i = 0; i < 16; i++)
        blocks += b.kind_n[i];
    printf("blocks %zu\ncalls %zu\n", blocks, b.calls);
    return 0;
}

static int plain(void)
{
    lua_State *L = luaL_newstate();
    lua_pushcfunction(L, open_and_work);
    int status = lua_pcall(L, 0, 0, 0);
    lua_settop(L, 0);
    host_run(L, "for i = 1, 100 do local t = {i} end return 1");
    lua_close(L);
    return status;
}

static int many(int n)
{
    lua_State **all = calloc((size_t)n, sizeof *all);
    for (int i = 0; i < n; i++) {
        all[i] = luaL_newstate();
        host_run(all[i], "t = {1, 2, 3} return 1");
    }
    for (int i = 0; i < n; i++)
        lua_close(all[i]);
    free(all);
    return 0;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    size_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : SIZE_MAX;
    if (!strcmp(way, "plain"))
        return plain();
    if (!strcmp(way, "buffers"))
        return buffers();
    if (!strcmp(way, "many"))
        return many((int)n);
    return with_books(way, n);
}
