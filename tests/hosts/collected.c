/* collected: lets Lua's collector run, and times it from inside and from outside: MODE [STATES].
 *
 * MODE: steps (incremental), young (generational), full (asked for), stopped.  Each of STATES (1) runs on a thread of its own and
 * prints one line:   FINALIZERS INSIDE_NS AROUND_NS FINALIZERS_AT_CLOSE
 * INSIDE: CPU time within its finalizers, up to its closing.  AROUND: time on the clock of calls in which the collector could run.  What a
 * profiler says of the collector's time lies between the two, however loaded the machine is.
 *
 * Built by the tests that use it, with different builds of Lua; the code is C and C++. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __cplusplus
#include <lua.hpp>
#else
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#endif

enum { ROUNDS = 6000, FULL_EACH = 500, FINALIZED_EACH = 4, LINE_MAX_BYTES = 100 };

struct told {
    long finalizers;
    unsigned long long inside_ns, around_ns;
};

static const char *mode = "steps";

static unsigned long long ns_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (unsigned long long)t.tv_sec * 1000000000u + (unsigned long long)t.tv_nsec;
}

static int finalizer(lua_State *L)
{
    struct told *told = (struct told *)lua_touserdata(L, lua_upvalueindex(1));
    unsigned long long begin = ns_of(CLOCK_THREAD_CPUTIME_ID);
    told->finalizers++;
    for (volatile int i = 0; i < 1000; i++)
        continue;
    if (told->finalizers % 50 == 0) {
        told->inside_ns += ns_of(CLOCK_THREAD_CPUTIME_ID) - begin;
        return luaL_error(L, "in a finalizer");
    }
    told->inside_ns += ns_of(CLOCK_THREAD_CPUTIME_ID) - begin;
    return 0;
}

/* Leaves garbage; the metatable that finalizes is at index 1. */
static void round_of(lua_State *L, int i)
{
    for (int k = 0; k < 10; k++) {
        lua_createtable(L, 4, 0);
        if (k == 0 && i % FINALIZED_EACH == 0) {
            lua_pushvalue(L, 1);
            lua_setmetatable(L, -2);
        }
        lua_pop(L, 1);
    }
    lua_pushfstring(L, "text %d", i);
    lua_pop(L, 1);
    if (strcmp(mode, "full") == 0 && i % FULL_EACH == 0)
        lua_gc(L, LUA_GCCOLLECT);
}

static void set_mode(lua_State *L)
{
    if (strcmp(mode, "young") == 0)
        lua_gc(L, LUA_GCGEN, 0, 0);
    else
        lua_gc(L, LUA_GCINC, 0, 0, 0);
    if (strcmp(mode, "stopped") == 0 || strcmp(mode, "full") == 0)
        lua_gc(L, LUA_GCSTOP);
}

static void *run(void *line)
{
    struct told told = {0, 0, 0};
    unsigned long long closing;
    unsigned long long begin = ns_of(CLOCK_MONOTONIC);
    lua_State *L = luaL_newstate();
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, &told);
    lua_pushcclosure(L, finalizer, 1);
    lua_setfield(L, -2, "__gc");
    set_mode(L);
    for (int i = 1; i <= ROUNDS; i++)
        round_of(L, i);
    told.around_ns = ns_of(CLOCK_MONOTONIC) - begin;
    snprintf((char *)line, LINE_MAX_BYTES, "%ld %llu %llu", told.finalizers, told.inside_ns,
             told.around_ns);
    closing = (unsigned long long)told.finalizers;
    lua_close(L);
    snprintf((char *)line + strlen((char *)line), 30, " %llu",
             (unsigned long long)told.finalizers - closing);
    return NULL;
}

int main(int argc, char **argv)
{
    enum { STATES_MAX = 16 };
    static char line[STATES_MAX][LINE_MAX_BYTES + 30];
    pthread_t thread[STATES_MAX];
    int n = argc > 2 ? atoi(argv[2]) : 1;
    if (argc > 1)
        mode = argv[1];
    if (n < 1 || n > STATES_MAX)
        return 2;
    for (int i = 0; i < n; i++)
        if (pthread_create(&thread[i], NULL, run, line[i]))
            return 1;
    for (int i = 0; i < n; i++) {
        pthread_join(thread[i], NULL);
        puts(line[i]);
    }
    return 0;
}
