/* threads: one state each on many threads, at once or one after the other. */
/* LINK: -llua5.4 -lpthread */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "tests/hosts/host.h"

static void *whole_life(void *result)
{
    *(lua_Integer *)result = host_state(host_work);
    return NULL;
}

static void *long_life(void *result)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    for (int i = 0; i < 100; i++)
        *(lua_Integer *)result += host_run(L, host_work);
    lua_close(L);
    return NULL;
}

static int registered(lua_State *L)
{
    return lua_gettop(L);
}

/* Every thread registers the same and different functions at the same time. */
static void *registers(void *result)
{
    lua_State *L = luaL_newstate();
    int good = 0;
    for (int i = 0; i < 2000; i++) {
        lua_pushcfunction(L, registered);
        good += lua_tocfunction(L, -1) == registered;
        lua_pushvalue(L, -1);
        good += lua_rawequal(L, -1, -2);
        lua_call(L, 0, 0);
        lua_settop(L, 0);
    }
    lua_close(L);
    *(lua_Integer *)result = good;
    return NULL;
}

/* On a stack that has room for Lua and little more: no library is opened, nothing printed. */
static void *tiny_life(void *result)
{
    lua_State *L = luaL_newstate();
    for (int i = 0; i < 300; i++) {
        if (luaL_dostring(L, "local t = {} for i = 1, 2000 do t[i % 50] = {i} end return 1") == 0)
            *(lua_Integer *)result += lua_tointeger(L, -1);
        lua_settop(L, 0);
    }
    lua_close(L);
    return NULL;
}

static void together(int n, void *(*body)(void *), size_t stack)
{
    pthread_t *threads = calloc(n, sizeof *threads);
    lua_Integer *results = calloc(n, sizeof *results), sum = 0;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    if (stack)
        pthread_attr_setstacksize(&attr, stack);
    for (int i = 0; i < n; i++)
        if (pthread_create(&threads[i], &attr, body, &results[i]))
            printf("no thread %d\n", i);
    for (int i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        sum += results[i];
    }
    printf("%d threads, sum %lld\n", n, (long long)sum);
    free(threads);
    free(results);
}

static atomic_int running;

static int runs(lua_State *L)
{
    (void)L;
    running++;
    return 0;
}

static void *killed_while_running(void *unused)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "runs", runs);
    host_run(L, "runs() while true do local t = {} end");
    return unused;
}

/* A state that wanders from thread to thread. */
static lua_State *wanderer;
static void *one_step(void *result)
{
    *(lua_Integer *)result = host_run(wanderer, "n = (n or 0) + 1 string.rep('x', n) return n");
    return NULL;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    if (!strcmp(way, "eight"))
        together(8, long_life, 0);
    else if (!strcmp(way, "many"))
        together(200, whole_life, 256 << 10);
    else if (!strcmp(way, "one_after_the_other"))
        for (int i = 0; i < 300; i++)
            together(1, whole_life, 0);
    else if (!strcmp(way, "register"))
        together(8, registers, 0);
    else if (!strcmp(way, "small_stack"))
        together(4, whole_life, 64 << 10);
    else if (!strcmp(way, "tiny_stack"))
        together(4, tiny_life, 16 << 10);
    else if (!strcmp(way, "exit_while_running")) {
        pthread_t t;
        for (int i = 0; i < 4; i++)
            pthread_create(&t, NULL, killed_while_running, NULL);
        while (running < 4)
            usleep(1000);
        usleep(20000); /* in the middle of it */
        printf("leaving\n");
        return 14;
    } else if (!strcmp(way, "wander")) {
        wanderer = luaL_newstate();
        luaL_openlibs(wanderer);
        for (int i = 0; i < 50; i++)
            together(1, one_step, 0);
        lua_close(wanderer);
    } else if (!strcmp(way, "short_states")) {
        lua_Integer sum = 0;
        for (int i = 0; i < 10000; i++) {
            lua_State *L = luaL_newstate();
            sum += host_run(L, "return 1");
            lua_close(L);
        }
        printf("%lld\n", (long long)sum);
    } else if (!strcmp(way, "open_states")) {
        lua_Integer sum = 0;
        lua_State *states[600];
        for (int i = 0; i < 600; i++) {
            states[i] = luaL_newstate();
            luaL_openlibs(states[i]);
        }
        for (int i = 0; i < 600; i++)
            sum += host_run(states[i], host_work);
        for (int i = 0; i < 600; i++)
            lua_close(states[i]);
        printf("%lld\n", (long long)sum);
    } else
        return 2;
    return 0;
}
