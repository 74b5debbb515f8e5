/* cross_threads: eight threads, a state each, call the same C functions; the totals are known. */
/* LINK: -llua5.4 -lpthread */
#include <pthread.h>

#include "tests/hosts/host.h"

#define THREADS 8

static int shared(lua_State *L)
{
    (void)L;
    return 0;
}

static int calls_back(lua_State *L)
{
    lua_pushvalue(L, 1);
    lua_call(L, 0, 0);
    return 0;
}

static void *run(void *unused)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "shared", shared);
    lua_register(L, "calls_back", calls_back);
    host_run(L, "for i = 1, 300000 do shared() end "
                "local n = 0 for i = 1, 40000 do calls_back(function() n = n + 1 end) end "
                "for i = 1, 5000 do pcall(error, 'x') end "
                "for i = 1, 2000 do pcall(function() shared() error('y') end) end");
    lua_close(L);
    return unused;
}

/* Prints NAME CALLS CALLS-INTO-LUA. */
int main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("shared %d 0\n", THREADS * 302000);
    printf("calls_back %d %d\n", THREADS * 40000, THREADS * 40000);
    printf("pcall %d %d\n", THREADS * 7000, THREADS * 2000);
    printf("error %d 0\n", THREADS * 7000);
    return 0;
}
