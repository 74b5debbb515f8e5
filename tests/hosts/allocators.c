/* allocators: hosts with an allocator of their own, which checks every call; argv[1] says which. */
/* LINK: -llua5.4 */
#include <stdint.h>

#include "tests/hosts/host.h"

/* Every block carries its size in front and a mark behind; every request is hashed, so that two
 * runs can be compared call by call. */
struct arena_of_host {
    size_t limit, used, calls, wrong;
    uint64_t hash;
};

static void note(struct arena_of_host *a, size_t x)
{
    a->hash = (a->hash ^ x) * 1099511628211u;
}

static void *checked(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct arena_of_host *a = ud;
    a->calls++;
    note(a, ptr != NULL);
    note(a, osize);
    note(a, nsize);
    size_t *head = ptr ? (size_t *)ptr - 2 : NULL;
    size_t had = head ? head[0] : 0;
    if (head && (had != osize || ((unsigned char *)ptr)[had] != 0xa5))
        a->wrong++;
    if (!nsize) {
        a->used -= had;
        free(head);
        return NULL;
    }
    if (nsize > had && a->used + nsize - had > a->limit) {
        note(a, 0xdead);
        return NULL;
    }
    head = realloc(head, nsize + 3 * sizeof *head);
    if (!head)
        return NULL;
    a->used += nsize - had;
    head[0] = nsize;
    ((unsigned char *)(head + 2))[nsize] = 0xa5;
    return head + 2;
}

static void show(const char *what, const struct arena_of_host *a)
{
    printf("%s calls %zu used %zu wrong %zu hash %016llx\n", what, a->calls, a->used, a->wrong,
           (unsigned long long)a->hash);
}

/* What does not depend on where things lie in memory. */
static void show_used(const char *what, const struct arena_of_host *a)
{
    printf("%s called %d used %d wrong %zu\n", what, a->calls > 0, a->used > 0, a->wrong);
}

/* Lua hashes strings with a seed made of addresses and time; the state's own allocations do not
 * depend on it as long as nothing iterates over tables. */
static const char work[] =
    "local t = {} for i = 1, 200 do t[i] = { i, tostring(i) } end "
    "local s = '' for i = 1, 100 do s = s .. i end "
    "for i = 1, 50 do coroutine.wrap(function() coroutine.yield() end)() end "
    "for i = 1, 50 do load('return ' .. i)() pcall(error, 'e' .. i) end "
    "for w in string.gmatch('a b c d', '%a') do t[#t + 1] = w end "
    "collectgarbage() return #s";

static int open_and_work(lua_State *L)
{
    luaL_openlibs(L);
    if (luaL_dostring(L, work))
        return lua_error(L);
    return 1;
}

/* The same failure at the same byte, for every limit. */
static void limited(void)
{
    for (size_t limit = 0; limit < 120000; limit += 500) {
        struct arena_of_host a = {.limit = limit};
        lua_State *L = lua_newstate(checked, &a);
        if (!L) {
            printf("%zu no state ", limit);
            show("", &a);
            continue;
        }
        lua_pushcfunction(L, open_and_work);
        int status = lua_pcall(L, 0, 1, 0);
        printf("%zu status %d %s ", limit, status, lua_tostring(L, -1));
        lua_close(L);
        show("", &a);
    }
}

static void sequence(void)
{
    struct arena_of_host a = {.limit = SIZE_MAX};
    lua_State *L = lua_newstate(checked, &a);
    show("new", &a);
    luaL_openlibs(L);
    show("libraries", &a);
    host_run(L, work);
    show("worked", &a);
    lua_gc(L, LUA_GCCOLLECT);
    printf("count %d, %d bytes; used by host's own reckoning: %zu\n", lua_gc(L, LUA_GCCOUNT),
           lua_gc(L, LUA_GCCOUNTB), a.used);
    lua_close(L);
    show("closed", &a);
}

/* The host reads its own pair back, uses it, and changes it. */
static void pairs(void)
{
    struct arena_of_host a = {.limit = SIZE_MAX}, b = {.limit = SIZE_MAX};
    void *ud = NULL;
    lua_State *L = lua_newstate(checked, &a);
    printf("own function %d own ud %d\n", lua_getallocf(L, &ud) == checked, ud == &a);
    printf("without ud %d\n", lua_getallocf(L, NULL) == checked);
    luaL_openlibs(L);
    lua_setallocf(L, checked, &b);
    printf("changed %d %d\n", lua_getallocf(L, &ud) == checked, ud == &b);
    host_run(L, work);
    show_used("a", &a);
    show_used("b", &b);
    lua_setallocf(L, checked, &a);
    void *p = lua_getallocf(L, &ud)(ud, NULL, LUA_TUSERDATA, 333);
    lua_getallocf(L, &ud)(ud, p, 333, 0);
    host_run(L, work);
    lua_State *co = lua_newthread(L);
    printf("coroutine's pair %d %d\n", lua_getallocf(co, &ud) == checked, ud == &a);
    lua_close(L);
    show_used("a", &a);
    show_used("b", &b);
    printf("together %zd\n", (ssize_t)(a.used + b.used));
}

static void two(void)
{
    struct arena_of_host a = {.limit = SIZE_MAX}, b = {.limit = 60000};
    lua_State *x = lua_newstate(checked, &a), *y = lua_newstate(checked, &b);
    lua_State *z = luaL_newstate();
    luaL_openlibs(x);
    luaL_openlibs(z);
    for (int i = 0; i < 20; i++) {
        host_run(x, work);
        host_run(y, "local t = {} for i = 1, 100 do t[i] = i end return #t");
        host_run(z, work);
    }
    void *ud;
    printf("%d %d\n", lua_getallocf(x, &ud) == checked, ud == &a);
    printf("%d %d\n", lua_getallocf(y, &ud) == checked, ud == &b);
    printf("%d\n", lua_getallocf(z, &ud) != checked);
    lua_close(y);
    lua_close(x);
    lua_close(z);
    show_used("x", &a);
    show_used("y", &b);
}

/* An allocator that runs Lua of its own: the hooks are entered from within themselves. */
static lua_State *helper;
static int inside;

static void *calls_lua(void *ud, void *ptr, size_t osize, size_t nsize)
{
    if (helper && !inside) {
        inside = 1;
        lua_getglobal(helper, "count");
        lua_pushinteger(helper, nsize != 0);
        lua_call(helper, 1, 0);
        inside = 0;
    }
    return checked(ud, ptr, osize, nsize);
}

static void nested(void)
{
    struct arena_of_host a = {.limit = SIZE_MAX};
    helper = luaL_newstate();
    luaL_openlibs(helper);
    host_run(helper, "n = 0 function count(x) n = n + x math.abs(n) end");
    lua_State *L = lua_newstate(calls_lua, &a);
    luaL_openlibs(L);
    host_run(L, work);
    lua_close(L);
    show("nested", &a);
    printf("counted %d\n", (int)host_run(helper, "return n"));
    lua_close(helper);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    if (!strcmp(way, "limited"))
        limited();
    else if (!strcmp(way, "sequence"))
        sequence();
    else if (!strcmp(way, "pairs"))
        pairs();
    else if (!strcmp(way, "two"))
        two();
    else if (!strcmp(way, "nested"))
        nested();
    else
        return 2;
    return 0;
}
