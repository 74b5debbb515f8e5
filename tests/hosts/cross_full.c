/* cross_full: more C functions than there are thunks, on several threads at once. */
/* LINK: -llua5.4 -lpthread */
/* Every call must reach its own function, and every function must be itself when asked for again. */
#include <pthread.h>

#include "tests/hosts/host.h"

#define MANY 6000
#define THREADS 8

/* MANY pieces of code of 16 bytes; the n-th is a lua_CFunction that returns n. */
__asm__(".text\n"
        ".balign 16\n"
        "many_functions:\n"
        ".set n, 0\n"
        ".rept 6000\n"
        ".balign 16\n"
        "endbr64\n"
        "mov $n, %esi\n"
        "jmp return_number\n"
        ".set n, n + 1\n"
        ".endr\n");
extern const char many_functions[] __asm__("many_functions");

int return_number(lua_State *L, int n) __asm__("return_number");
int return_number(lua_State *L, int n)
{
    lua_pushinteger(L, n);
    return 1;
}

static lua_CFunction function(int n)
{
    return (lua_CFunction)(void *)(many_functions + 16 * (size_t)n);
}

static int is_right(lua_State *L, int n)
{
    int good;
    lua_pushcfunction(L, function(n));
    lua_pushvalue(L, -1);
    lua_call(L, 0, 1);
    good = lua_tointeger(L, -1) == n;
    lua_pushcclosure(L, function(n), 0);
    good += lua_rawequal(L, -1, -3) + (lua_tocfunction(L, -1) == function(n)) +
            (lua_topointer(L, -1) == (const void *)function(n));
    lua_settop(L, 0);
    return good == 4;
}

static void *run(void *at)
{
    lua_State *L = luaL_newstate();
    int good = 0, step = 7 + 2 * *(int *)at; /* no factor of 6000 but 3: all still come in turn */
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < MANY; i++)
            good += is_right(L, (i * step + round) % MANY);
    lua_close(L);
    *(int *)at = good;
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    int number[THREADS], good = 0;
    for (int i = 0; i < THREADS; i++) {
        number[i] = i;
        pthread_create(&threads[i], NULL, run, &number[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        good += number[i];
    }
    printf("%d of %d right\n", good, 3 * MANY * THREADS);
    return 0;
}
