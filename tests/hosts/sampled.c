/* sampled: a host that does to its threads, stacks and signals what a sampler must survive; argv[1] says what. */
/* LINK: -llua5.4 -lpthread */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#include <lauxlib.h>
#include <lualib.h>

static lua_State *state_new(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_dostring(L, "function f(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end "
                         "function g(n) if n == 0 then return f(50) end return g(n - 1) + 1 end"))
        exit(9);
    return L;
}

static long call(lua_State *L, const char *name, long n)
{
    lua_getglobal(L, name);
    lua_pushinteger(L, n);
    lua_call(L, 1, 1);
    long v = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return v;
}

/* ---- signals ---- */

static volatile int seen;

static void count(int n)
{
    (void)n;
    seen++;
}

static const char *view(void)
{
    struct sigaction now;
    sigaction(SIGURG, NULL, &now);
    return now.sa_handler == SIG_DFL   ? "default"
           : now.sa_handler == SIG_IGN ? "ignored"
           : now.sa_handler == count   ? "count"
                                       : "foreign";
}

static void signals(int before)
{
    if (before)
        signal(SIGURG, count);
    lua_State *L = state_new();
    printf("%ld %s\n", call(L, "f", 3000000), view());
    for (int n = 1; n < 65 && !before; n++)
        if (n != SIGKILL && n != SIGSTOP)
            signal(n, SIG_DFL);
    printf("%s %s\n", view(), signal(SIGURG, SIG_IGN) == SIG_DFL ? "was default" : "was set");
    printf("%ld %s\n", call(L, "f", 3000000), view());
    raise(SIGURG);
    signal(SIGURG, count);
    raise(SIGURG);
    raise(SIGURG);
    printf("%ld %s seen %d\n", call(L, "f", 3000000), view(), seen);
    lua_close(L);
}

static sigjmp_buf back;

/* Nobody may jump out of malloc: the heap would be left half changed. */
static volatile sig_atomic_t allocating;

static void *noted_alloc(void *ud, void *p, size_t osize, size_t n)
{
    (void)ud;
    (void)osize;
    allocating = 1;
    if (n)
        p = realloc(p, n);
    else
        free(p), p = NULL;
    allocating = 0;
    return p;
}

static long cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A busy machine may not have let the thread run since: the timer goes on. */
static volatile long began_us;

static void jump(int n)
{
    if (!allocating && cpu_us() - began_us > 2000)
        siglongjmp(back, n);
}

/* Out of Lua, from a handler, over and over; each time with a new state. */
static void jumps(void)
{
    const struct itimerval soon = {{0, 200}, {0, 3000}}, never = {{0, 0}, {0, 0}};
    volatile int left = 0;
    signal(SIGALRM, jump);
    for (volatile int i = 0; i < 150; i++) {
        lua_State *L = state_new();
        lua_setallocf(L, noted_alloc, NULL);
        began_us = cpu_us();
        if (sigsetjmp(back, 1) == 0) {
            setitimer(ITIMER_REAL, &soon, NULL);
            for (;;)
                call(L, "g", 100);
        }
        setitimer(ITIMER_REAL, &never, NULL);
        left++;
        if (i % 2)
            free(malloc(1 << 20)); /* the state is lost, as it must be */
    }
    printf("left %d\n", left);
}

/* ---- threads ---- */

static void *run_thread(void *unused)
{
    (void)unused;
    lua_State *L = state_new();
    long s = call(L, "f", 20000) + call(L, "g", 100);
    lua_close(L);
    return (void *)s;
}

static void threads(void)
{
    pthread_attr_t attr;
    long sum = 0;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 * 1024);
    for (int i = 0; i < 125; i++) {
        pthread_t t[8];
        void *v;
        for (int j = 0; j < 8; j++)
            if (pthread_create(&t[j], &attr, run_thread, NULL))
                exit(8);
        for (int j = 0; j < 8; j++) {
            pthread_join(t[j], &v);
            sum += (long)v;
        }
    }
    printf("sum %ld\n", sum);
}

/* ---- fibers ---- */

enum { FIBERS = 8, FIBER_STACK = 16 * 1024 };
static ucontext_t main_context, fiber[FIBERS];
static lua_State *fiber_state[FIBERS];
static long fiber_sum;
static int current;

static int to_main(lua_State *L)
{
    int me = current;
    (void)L;
    swapcontext(&fiber[me], &main_context);
    return 0;
}

static void fiber_run(void)
{
    for (;;) {
        lua_State *L = fiber_state[current];
        fiber_sum += call(L, "h", 20);
    }
}

static void fibers(void)
{
    static char stack[FIBERS][FIBER_STACK] __attribute__((aligned(16)));
    for (int i = 0; i < FIBERS; i++) {
        fiber_state[i] = state_new();
        lua_register(fiber_state[i], "pause", to_main);
        if (luaL_dostring(fiber_state[i], "function h(n) if n == 0 then pause() return f(100) end "
                                          "return h(n - 1) + 1 end"))
            exit(7);
        getcontext(&fiber[i]);
        fiber[i].uc_stack.ss_sp = stack[i];
        fiber[i].uc_stack.ss_size = FIBER_STACK;
        makecontext(&fiber[i], fiber_run, 0);
    }
    for (int round = 0; round < 40000; round++) {
        current = (round * 5 + round / 7) % FIBERS;
        swapcontext(&main_context, &fiber[current]);
    }
    printf("fibers %d\n", fiber_sum > 0);
}

/* All signals are blocked while Lua runs. */
static void blocked(void)
{
    sigset_t all, none;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &none);
    lua_State *L = state_new();
    long s = call(L, "f", 3000000);
    sigprocmask(SIG_SETMASK, &none, NULL);
    printf("blocked %ld\n", s + call(L, "f", 1000000));
    lua_close(L);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "before") || !strcmp(what, "later"))
        signals(*what == 'b');
    else if (!strcmp(what, "jumps"))
        jumps();
    else if (!strcmp(what, "threads"))
        threads();
    else if (!strcmp(what, "fibers"))
        fibers();
    else if (!strcmp(what, "blocked"))
        blocked();
    else
        return 2;
    return 0;
}
