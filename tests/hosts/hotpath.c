/* hotpath: what one operation costs; tests/bench/hotpath runs it plain and under the shim. */
/* LINK: -llua5.4 */
/* Prints `<name> <ns per operation>` lines: the best of several rounds, since everything that
 * disturbs a round only makes it slower. */
#include <stdint.h>
#include <time.h>

#include "tests/hosts/host.h"

enum { ROUNDS = 9 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *(*volatile malloc_)(size_t) = malloc;
static void *(*volatile realloc_)(void *, size_t) = realloc;
static void (*volatile free_)(void *) = free;

static void malloc_and_free(lua_State *L, int n)
{
    (void)L;
    for (int i = 0; i < n; i++)
        free_(malloc_(64));
}

static void realloc_larger_and_smaller(lua_State *L, int n)
{
    (void)L;
    void *p = malloc_(64);
    for (int i = 0; i < n; i++)
        p = realloc_(p, i & 1 ? 64 : 80);
    free_(p);
}

static void run(lua_State *L, const char *function, int n)
{
    lua_getglobal(L, function);
    lua_pushinteger(L, n);
    lua_call(L, 1, 0);
}

static void table_made_and_freed(lua_State *L, int n)
{
    run(L, "tables", n);
}

static void call_of_a_c_function(lua_State *L, int n)
{
    run(L, "calls", n);
}

static void call_of_a_lua_function(lua_State *L, int n)
{
    lua_getglobal(L, "nothing");
    for (int i = 0; i < n; i++) {
        lua_pushvalue(L, -1);
        lua_call(L, 0, 0);
    }
    lua_settop(L, 0);
}

static void call_of_a_chunk(lua_State *L, int n)
{
    if (luaL_loadstring(L, "return"))
        return;
    for (int i = 0; i < n; i++) {
        lua_pushvalue(L, -1);
        lua_call(L, 0, 0);
    }
    lua_settop(L, 0);
}

static void pcall_of_a_function(lua_State *L, int n)
{
    run(L, "pcalls", n);
}

static void yield_and_resume(lua_State *L, int n)
{
    run(L, "yields", n);
}

/* As small as they come. */
static void step_of_the_collector(lua_State *L, int n)
{
    lua_gc(L, LUA_GCINC, 0, 100, 1);
    for (int i = 0; i < n; i++)
        lua_gc(L, LUA_GCSTEP, 0);
    lua_gc(L, LUA_GCINC, 200, 100, 13);
}

static void error_and_pcall(lua_State *L, int n)
{
    run(L, "errors", n);
}

static void comparison_by_sort(lua_State *L, int n)
{
    run(L, "sorts", n);
}

/* All of it within a chunk of the host's, as everything is that the stock interpreter runs. */
static void within_a_chunk(lua_State *L, int n)
{
    lua_pushinteger(L, n);
    lua_setglobal(L, "n");
    host_run(L, "yields(n)");
}

static int nothing(lua_State *L)
{
    (void)L;
    return 0;
}

static void *asked(void *ud, void *p, size_t osize, size_t nsize)
{
    (void)osize;
    ++*(uint64_t *)ud; /* so it is more than realloc and free */
    if (nsize)
        return realloc(p, nsize);
    free(p);
    return NULL;
}

static lua_State *prepared(lua_State *L)
{
    static const char text[] = "function tables(n) for i = 1, n do local t = {} end end "
                               "function calls(n) local f = c for i = 1, n do f() end end "
                               "function nothing() end "
                               "function pcalls(n) for i = 1, n do pcall(nothing) end end "
                               "function errors(n) for i = 1, n do pcall(error) end end "
                               "function yields(n) local f = coroutine.wrap(function() "
                               "  while true do coroutine.yield() end end) "
                               "  for i = 1, n do f() end end "
                               "function sorts(n) local left = n; local function less(a, b) "
                               "  left = left - 1 return a < b end "
                               "  while left > 0 do local t = {} for i = 1, 1000 do "
                               "    t[i] = i * 7919 % 1009 end table.sort(t, less) end end";
    lua_register(L, "c", nothing);
    host_run(L, text);
    return L;
}

typedef void operation(lua_State *L, int n);

static void measure(const char *name, operation *f, lua_State *L)
{
    enum { N = 500000 };
    double best = 1e18;
    f(L, N / 10);
    for (int i = 0; i < ROUNDS; i++) {
        double begin = now_ns();
        f(L, N);
        double ns = (now_ns() - begin) / N;
        best = ns < best ? ns : best;
    }
    printf("%s %.2f\n", name, best);
}

int main(void)
{
    uint64_t requests = 0;
    lua_State *stock = luaL_newstate(), *own = prepared(lua_newstate(asked, &requests));
    luaL_openlibs(stock);
    prepared(stock);
    measure("malloc+free", malloc_and_free, NULL);
    measure("realloc", realloc_larger_and_smaller, NULL);
    measure("table,stock-allocator", table_made_and_freed, stock);
    measure("table,own-allocator", table_made_and_freed, own);
    measure("lua-calls-c", call_of_a_c_function, stock);
    measure("c-calls-lua", call_of_a_lua_function, stock);
    measure("c-calls-chunk", call_of_a_chunk, stock);
    measure("pcall", pcall_of_a_function, stock);
    measure("pcall-error", error_and_pcall, stock);
    measure("sort-comparison", comparison_by_sort, stock);
    measure("yield,resume", yield_and_resume, stock);
    measure("yield,resume-in-chunk", within_a_chunk, stock);
    measure("collector-step", step_of_the_collector, stock);
    lua_close(own);
    lua_close(stock);
    return 0;
}
