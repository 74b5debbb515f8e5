/* span_host: an embedder that evaluates chunks, juggles states and threads, and leaves by odd ways. */
/* LINK: -llua5.4 -lpthread */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static lua_State *fresh(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    return L;
}

static void run(lua_State *L, const char *text)
{
    if (luaL_dostring(L, text))
        printf("error: %s\n", lua_tostring(L, -1));
    lua_settop(L, 0);
}

/* The same text 5,000 times, and 10 texts once each. */
static void evaluate(void)
{
    lua_State *L = fresh();
    char text[64];
    for (int i = 0; i < 5000; i++)
        run(L, "local sum = 1 + 1 return sum");
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof text, "return %d", i);
        run(L, text);
    }
    run(L, "return +");
    lua_close(L);
}

/* Compiled once, kept in the registry, called 300 times; in between other chunks. */
static void keep(void)
{
    lua_State *L = fresh();
    if (luaL_loadbuffer(L, "count = (count or 0) + 1", 24, "=kept"))
        exit(1);
    int kept = luaL_ref(L, LUA_REGISTRYINDEX);
    for (int i = 0; i < 300; i++) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, kept);
        lua_call(L, 0, 0);
        run(L, "local other = 1");
    }
    lua_getglobal(L, "count");
    printf("count %lld\n", (long long)lua_tointeger(L, -1));
    lua_close(L);
}

/* Scripts as coroutines: one that ends, one that yields and goes on, one that fails. */
static void resume(void)
{
    static const char *const text[] = {"return 1", "coroutine.yield() return 2", "error 'no'"};
    lua_State *L = fresh();
    for (int i = 0; i < 3; i++) {
        int n, status;
        lua_State *co = lua_newthread(L);
        if (luaL_loadbuffer(co, text[i], strlen(text[i]), text[i]))
            exit(1);
        do
            status = lua_resume(co, NULL, 0, &n);
        while (status == LUA_YIELD);
        printf("%d %s\n", status, luaL_tolstring(co, -1, NULL));
    }
    lua_close(L);
}

static lua_State *other;

static int in_other_state(lua_State *L)
{
    (void)L;
    run(other, "require 'two'");
    return 0;
}

/* A module of one state loads a module in another state. */
static void states(void)
{
    lua_State *L = fresh();
    other = fresh();
    lua_register(L, "in_other_state", in_other_state);
    run(L, "package.preload.one = function() in_other_state() end; require 'one'");
    run(other, "require 'two'");
    run(L, "require 'one'");
    lua_close(other);
    lua_close(L);
}

static void *requires(void *L)
{
    for (int i = 0; i < 50; i++)
        run(L, "package.loaded.two = nil; require 'two'; require 'two'; pcall(require, 'bad')");
    return NULL;
}

/* One state used by one thread after the other, while other threads run states of their own. */
static void threads(void)
{
    lua_State *L = fresh(), *own[3];
    pthread_t t[3];
    for (int i = 0; i < 3; i++) {
        pthread_t one;
        pthread_create(&one, NULL, requires, L);
        pthread_join(one, NULL);
    }
    for (int i = 0; i < 3; i++) {
        own[i] = fresh();
        pthread_create(&t[i], NULL, requires, own[i]);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(t[i], NULL);
        lua_close(own[i]);
    }
    lua_close(L);
}

static jmp_buf out;

static int jump_out(lua_State *L)
{
    (void)L;
    longjmp(out, 1);
}

/* The host jumps over Lua's head, out of a module that is being loaded. */
static void jump(void)
{
    lua_State *L = fresh();
    lua_register(L, "jump_out", jump_out);
    if (setjmp(out) == 0)
        run(L, "package.preload.leaves = function() jump_out() end; require 'leaves'");
    L = fresh();
    run(L, "require 'two'");
    printf("landed\n");
}

static int leave_now(lua_State *L)
{
    (void)L;
    exit(3);
}

static void leave(void)
{
    lua_State *L = fresh();
    lua_register(L, "leave_now", leave_now);
    run(L, "package.preload.last = function() require 'two'; leave_now() end; require 'last'");
}

static int fork_now(lua_State *L)
{
    pid_t child = fork();
    if (child > 0)
        waitpid(child, NULL, 0);
    lua_pushboolean(L, child == 0);
    return 1;
}

/* A module forks while it is loaded; parent and child both go on with it. */
static void forks(void)
{
    lua_State *L = fresh();
    lua_register(L, "fork_now", fork_now);
    run(L, "package.preload.forks = function()\n"
           "    require(fork_now() and 'two' or 'three')\n"
           "end\n"
           "require 'forks'");
    lua_close(L);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } modes[] = {{"evaluate", evaluate}, {"keep", keep},   {"states", states}, {"threads", threads},
                 {"jump", jump},         {"leave", leave}, {"resume", resume}, {"forks", forks}};
    for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(argv[1], modes[i].name) == 0)
            modes[i].run();
    return 0;
}
