/* handlers: a host whose signal handlers work about as long as its Lua code does, where the sampler keeps away: on a small stack of
 * their own, with all signals blocked, left by a jump; argv[1] says which.  With one argument more: their CPU time and
 * the whole, ns, on stderr. */
/* LINK: -llua5.4 */
#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <lualib.h>

static long in_handlers;
static int frames_n, jumps;
static sigjmp_buf back;

static long cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void handler(int n)
{
    long begin = cpu_ns();
    void *frame[100];
    if (!frames_n)
        frames_n = backtrace(frame, 100);
    while (cpu_ns() - begin < 5000000)
        for (volatile int i = 0; i < 20000; i++)
            ;
    in_handlers += cpu_ns() - begin;
    if (jumps)
        siglongjmp(back, n);
}

static int signals(lua_State *L)
{
    (void)L;
    if (!jumps || !sigsetjmp(back, 1))
        raise(SIGUSR1);
    return 0;
}

static void handle(const char *how)
{
    static char stack[32768];
    struct sigaction a = {.sa_handler = handler}, now;
    stack_t s = {.ss_sp = stack, .ss_size = sizeof stack};
    jumps = !strcmp(how, "jumps");
    if (!strcmp(how, "masked"))
        sigfillset(&a.sa_mask);
    else if (!sigaltstack(&s, NULL))
        a.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &a, NULL);
    sigaction(SIGUSR1, NULL, &now);
    printf("%d %d %x %d\n", now.sa_handler == handler, now.sa_mask.__val[0] == a.sa_mask.__val[0],
           now.sa_flags & SA_ONSTACK, sigismember(&now.sa_mask, SIGURG));
}

int main(int argc, char **argv)
{
    void *first[1];
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    backtrace(first, 1); /* loads what it needs */
    handle(argc > 1 ? argv[1] : "");
    lua_register(L, "signals", signals);
    if (luaL_dostring(L,
                      "local function work() local s = 0 for i = 1, 1000000 do s = s + i % 7 end "
                      "return s end\n"
                      "local sum = 0 for i = 1, 80 do sum = sum + work() signals() end return sum"))
        return 1;
    printf("%lld, %s\n", (long long)lua_tointeger(L, -1), frames_n > 9 ? "whole" : "cut");
    if (argc > 2)
        fprintf(stderr, "%ld %ld\n", in_handlers, cpu_ns());
    lua_close(L);
    return 0;
}
